import fc from 'fast-check'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIdSource, m2mTokenId, testingTokenId, type ActorTokenId } from '../../core/ids.ts'
import { systemRandom } from '../../core/secrets/random.ts'
import { millis } from '../../core/time.ts'
import { migrate } from '../migrations/migrate.ts'
import { connectSqlite, type SqliteConnection } from '../sqlite/connection.ts'
import { idAt, sweepStore } from './sweep-store.ts'

let folder: string
let sql: SqliteConnection

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mintmark-test-'))
  sql = connectSqlite(join(folder, 'test.db'), { readOnly: false })
  await migrate(sql)
})

afterAll(() => {
  sql.close()
  rmSync(folder, { recursive: true })
})

describe('sweeping the revocation log', () => {
  // Stops a process from reading past a hole, which looks like an end: it would miss what was there.
  it('removes from its beginning only, nothing that is young, and never the last entry', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(20), { minLength: 1, maxLength: 30 }),
        fc.nat(20),
        fc.integer({ min: 1, max: 40 }),
        async (times, until, limit) => {
          sql.exec('delete from revocation_log')
          times.forEach((at, index) =>
            sql.runNow('insert into revocation_log values (?, null, ?)', index + 1, at),
          )
          sql.runNow('update revocation_head set position = ?', times.length)
          const swept = await sweepStore(sql).revocationLog(millis(until), limit)
          const left = sql
            .allNow<{ position: number }>('select position from revocation_log order by position')
            .map(({ position }) => position)
          const young = times.findIndex((at) => at > until)
          const old = young === -1 ? times.length - 1 : young
          expect(swept).toBe(Math.min(old, limit, times.length - 1))
          expect(left).toEqual(times.map((_, index) => index + 1).slice(swept))
        },
      ),
    )
  })
})

describe('the id at an instant', () => {
  it('is after every id that was made before it, and before every other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 45 }), fc.integer({ min: -5, max: 5 }), (at, away) => {
        const made = Math.max(0, at + away)
        const ids = createIdSource({ clock: { now: () => millis(made) }, random: systemRandom })
        const pairs = [
          [m2mTokenId(ids.uuid()), idAt('m2mTokens', millis(at))],
          [m2mTokenId(ids.uuid()), idAt('m2mTokenUses', millis(at))],
          [testingTokenId(ids.uuid()), idAt('testingTokens', millis(at))],
          [ids.next<ActorTokenId>('act'), idAt('actorTokens', millis(at))],
        ] as const
        for (const [id, bound] of pairs) expect(id < bound).toBe(made < at)
      }),
    )
  })
})
