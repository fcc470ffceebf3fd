/** What is kept of an answer, for how long, and that it serves for nothing else. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { DAY_MS, expectReplay, inDatabase, isReplayed, post, rowsOf } from './idempotency.ts'
import { expectRefusal, expectSuccess, expectUnchanged } from './support.ts'

let t: TestAuthority
let issuer: { readonly id: string; readonly secretKey: string }
let made = 0
const newKey = () => `key ${++made}`

beforeAll(async () => {
  t = await startAuthority()
})
beforeEach(async () => {
  issuer = await t.machine(t.first)
  inDatabase(t, (db) => db.exec('delete from idempotent_answers'))
})
afterAll(() => t.close())

describe('what is kept of an answer', () => {
  it('is good for a day, and afterwards for something new', async () => {
    const sent = { idempotencyKey: newKey(), key: t.first.secretKey, body: { first_name: 'Ada' } }
    const first = await post(t, '/v1/users', sent)
    t.clock.advance(DAY_MS - 1)
    expectReplay(await post(t, '/v1/users', sent), first)
    t.clock.advance(1)
    const next = await post(t, '/v1/users', { ...sent, body: { first_name: 'Grace' } })
    expect([expectSuccess(next).first_name, isReplayed(next)]).toEqual(['Grace', false])
    expectReplay(await post(t, '/v1/users', { ...sent, body: { first_name: 'Grace' } }), next)
  })

  it('has neither the key nor the request nor the answer in it', async () => {
    const idempotencyKey = 'a-key-that-is-kept-nowhere'
    const body = { claims: { name: 'a claim that is not kept twice' } }
    const { token, id } = (await post(t, '/v1/m2m_tokens', { idempotencyKey, key: issuer.secretKey, body }))
      .body
    const kept = rowsOf(t, 'idempotent_answers').map((row) =>
      Buffer.concat(
        Object.values(row).map((value) => Buffer.from(value instanceof Uint8Array ? value : String(value))),
      ),
    )
    for (const text of [idempotencyKey, token, id, issuer.id, 'a claim that']) {
      expect(kept.some((row) => row.includes(text))).toBe(false)
    }
  })

  // Stops who can write to the database from giving one caller the token of another.
  it('does not open under another key or for another caller, and nothing is done again', async () => {
    const sentBy = ({ secretKey: key }: { secretKey: string }) => ({ idempotencyKey: newKey(), key })
    const [mine, theirs] = [sentBy(issuer), sentBy(await t.machine(t.first))]
    await post(t, '/v1/m2m_tokens', mine)
    await post(t, '/v1/m2m_tokens', theirs)
    const [first, second] = rowsOf(t, 'idempotent_answers')
    inDatabase(t, (db) =>
      db
        .prepare('update idempotent_answers set sealed_box = ? where scope = ?')
        .run(second!.sealed_box!, first!.scope!),
    )
    expectRefusal(
      await expectUnchanged(t, () => post(t, '/v1/m2m_tokens', mine)),
      500,
      'internal_clerk_error',
    )
    expect((await post(t, '/v1/m2m_tokens', theirs)).status).toBe(201)
  })

  it('is refused with 409 if its master key is gone, and nothing is done again', async () => {
    const sent = { idempotencyKey: newKey(), key: issuer.secretKey }
    await post(t, '/v1/m2m_tokens', sent)
    const kept = rowsOf(t, 'idempotent_answers')[0]!
    inDatabase(t, (db) => {
      db.exec("insert into master_keys (id, fingerprint, created_at) values (2, 'gone', 0)")
      db.prepare('update idempotent_answers set sealed_key_id = 2 where scope = ?').run(kept.scope!)
    })
    const answer = await expectUnchanged(t, () => post(t, '/v1/m2m_tokens', sent))
    expectRefusal(answer, 409, 'conflict')
    expect(answer.body.errors[0].long_message).toContain('master key that the server no longer has')
  })
})
