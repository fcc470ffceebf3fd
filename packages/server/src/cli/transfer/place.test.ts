import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nameOf } from './place.ts'

describe('the name of a place', () => {
  it('is the whole path of a folder', () => {
    expect(nameOf({ kind: 'sqlite', folder: './data' })).toBe(resolve('data'))
  })

  it.each([
    ['postgres://user:s3cret@host:5432/db', 'postgres://user@host:5432/db'],
    ['postgresql://user:s3cret:more@host/db', 'postgres://user@host/db'],
    ['postgres://user@a:1,b:2/db', 'postgres://user@a:1,b:2/db'],
    ['postgres://host/db?user=me&password=s3cret', 'postgres://host/db'],
    ['postgres://:s3cret@host/db#s3cret', 'postgres://@host/db'],
  ])('has of %s neither password nor parameters', (url, name) => {
    expect(nameOf({ kind: 'postgres', url })).toBe(name)
  })
})
