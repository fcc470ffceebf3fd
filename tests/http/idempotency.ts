/** What the tests of `Idempotency-Key` share: sending with one, and looking at what is stored beside the answers. */
import { join } from 'node:path'
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import { expect } from 'vitest'
import type { Answer, TestAuthority } from '../support/authority.ts'

export const DAY_MS = 86_400_000

export interface Keyed {
  readonly idempotencyKey: string
  /** The caller's. */
  readonly key: string | undefined
  readonly body?: unknown
}

export const post = (t: TestAuthority, path: string, { idempotencyKey, key, body }: Keyed): Promise<Answer> =>
  t.request('POST', path, { key, body, headers: { 'idempotency-key': idempotencyKey } })

export const isReplayed = ({ headers }: Pick<Answer, 'headers'>): boolean => {
  const mark = headers.get('idempotent-replayed')
  expect([null, 'true']).toContain(mark)
  return mark === 'true'
}

/** Status and body alike, down to the trace id in the body of an error. */
export function expectReplay(answer: Answer, first: Answer): void {
  expect({ status: answer.status, body: answer.body, replayed: isReplayed(answer) }).toEqual({
    status: first.status,
    body: first.body,
    replayed: true,
  })
  expect(answer.headers.get('clerk-trace-id')).not.toBe(first.headers.get('clerk-trace-id'))
}

export function inDatabase<T>({ data }: Pick<TestAuthority, 'data'>, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(join(data, 'mintmark.db'))
  try {
    return work(db)
  } finally {
    db.close()
  }
}

export const rowsOf = (
  t: Pick<TestAuthority, 'data'>,
  table: string,
): readonly Record<string, SQLOutputValue>[] =>
  inDatabase(t, (db) => db.prepare(`select * from ${table}`).all())

/** How many machines, users, tokens and audit events there are. */
export const effectsIn = (t: Pick<TestAuthority, 'data'>): readonly number[] =>
  ['machines', 'users', 'm2m_tokens', 'audit_events'].map((table) => rowsOf(t, table).length)
