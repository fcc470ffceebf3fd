import { describe, expect, it } from 'vitest'
import { StorageError } from '../storage-error.ts'
import { createHosts } from './hosts.ts'

describe('the hosts of a database URL', () => {
  it('are all that it names, each with the rest of it', () => {
    const hosts = createHosts('postgres://u:p%40@a:5432,b,[::1]:5433/db?sslmode=require')
    const seen = Array.from({ length: hosts.count }, () => {
      const url = hosts.current()
      hosts.next(url)
      return url
    })
    const rest = '/db?sslmode=require'
    expect(seen).toEqual([
      `postgres://u:p%40@a:5432${rest}`,
      `postgres://u:p%40@b${rest}`,
      `postgres://u:p%40@[::1]:5433${rest}`,
    ])
    expect(hosts.current()).toBe(seen[0])
  })

  // Stops two connections that fail at once from passing over the host between.
  it('move on once, however many say that one did not do', () => {
    const hosts = createHosts('postgresql://a,b,c/db')
    const first = hosts.current()
    hosts.next(first)
    hosts.next(first)
    expect(hosts.current()).toBe('postgresql://b/db')
  })

  it('have a name without user, password and parameters', () => {
    expect(createHosts('postgres://u:p%40@a:5432,b/db?password=p').name).toBe('a:5432,b/db')
    expect(createHosts('postgres://a').name).toBe('a')
  })

  it.each(['mysql://a/b', 'a:5432', 'postgres://', 'postgres://a:port/db'])(
    'are not taken from %j, which the message does not repeat',
    (url) => {
      expect(() => createHosts(url)).toThrow(StorageError)
      expect(() => createHosts(url)).toThrow(/^The database URL must be like/)
    },
  )
})
