import type { Kysely } from 'kysely'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { connectSqlite } from '../../sqlite/connection.ts'
import { up as firstTables } from './0001-first-tables.ts'
import { up as signingKeyLife } from './0003-signing-key-life.ts'

it('lets a key that was there before go on signing, without an end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mintmark-test-'))
  const connection = connectSqlite(join(folder, 'test.db'), { readOnly: false })
  try {
    const db = connection.query as unknown as Kysely<unknown>
    await firstTables(db)
    connection.exec(`
      insert into master_keys values (1, 'first', 1);
      insert into instances values ('ins_a', 'an instance', 'test', null, 1);
      insert into signing_keys values ('ins_a', 'ins_a', 'token', 'RS256', 'n', 'e', 1, x'00', 1700);
      insert into signing_keys values ('tkt_a', 'ins_a', 'ticket', 'RS256', 'n', 'e', 1, x'00', 1701);
    `)
    await signingKeyLife(db)
    const lives = connection.allNow(
      'select id, active_from, retires_at, revoked_at from signing_keys order by id',
    )
    expect(lives).toEqual([
      { id: 'ins_a', active_from: 1700, retires_at: null, revoked_at: null },
      { id: 'tkt_a', active_from: 1701, retires_at: null, revoked_at: null },
    ])
  } finally {
    connection.close()
    rmSync(folder, { recursive: true })
  }
})
