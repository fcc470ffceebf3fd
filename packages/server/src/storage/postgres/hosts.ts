/**
 * The servers of one database. A URL may name several, as libpq's do: `postgres://user@a:5432,b:5432/db`. The
 * driver knows one only, so this says which is next: the one that worked last until it does not, then the others.
 */
import { StorageError } from '../storage-error.ts'

export interface Hosts {
  /** The URL of the one to connect to now. */
  current(): string
  /** That one did not do. @param url the one that was tried: if another is current already, nothing changes */
  next(url: string): void
  readonly count: number
  /** All of them and the database, without user and password. */
  readonly name: string
}

/** @throws {StorageError} if it is no URL of a PostgreSQL database; the message does not repeat it */
export function createHosts(url: string): Hosts {
  const [, before, hosts, after] = /^(postgres(?:ql)?:\/\/(?:[^@/?#]*@)?)([^/?#]+)(.*)$/.exec(url) ?? []
  const urls = (hosts ?? '').split(',').map((host) => `${before}${host}${after}`)
  if (!urls.every((each) => URL.canParse(each))) {
    throw new StorageError('The database URL must be like postgres://user:password@host:5432/database.')
  }
  let index = 0
  return {
    current: () => urls[index]!,
    next(tried) {
      if (tried === urls[index]) index = (index + 1) % urls.length
    },
    count: urls.length,
    name: `${hosts}${/^[^?#]*/.exec(after!)![0]}`,
  }
}
