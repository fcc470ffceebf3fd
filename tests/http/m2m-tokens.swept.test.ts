import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqlite } from '../../packages/server/src/storage/sqlite.ts'
import { startAuthority, type TestAuthority } from '../support/authority.ts'

const DAY_MS = 86_400_000

describe.each([
  ['in memory', 1_000],
  ['not in memory', 0],
])('a token whose record was removed, and that is %s', (_name, cachedTokens) => {
  let world: TestAuthority
  let issuer: { id: string; secretKey: string }

  beforeEach(async () => {
    world = await startAuthority({}, { cachedTokens })
    issuer = await world.machine(world.first)
  })

  afterEach(() => world.close())

  const issue = async (body: object): Promise<{ id: string; token: string }> =>
    (await world.request('POST', '/v1/m2m_tokens', { key: issuer.secretKey, body })).body

  const verify = (token: string) =>
    world.request('POST', '/v1/m2m_tokens/verify', { key: world.first.secretKey, body: { token } })

  const revoke = (id: string) =>
    world.request('POST', `/v1/m2m_tokens/${id}/revoke`, { key: world.first.secretKey, body: {} })

  /** As another process on the same folder does, which tells nobody. */
  async function sweep(): Promise<void> {
    const beside = await openSqlite(world.data, {
      migrate: false,
      cachedTokens: 0,
      tokenRetention: 30,
      onFatal: (error) => {
        throw error
      },
    })
    await beside.sweep(world.clock.now())
    await beside.close()
  }

  /** An answer without what is its own. */
  const told = async (token: string) => {
    const { status, body } = await verify(token)
    return { status, errors: body.errors, keys: Object.keys(body) }
  }

  it('is refused as it was before', async () => {
    const kinds = [
      await issue({ seconds_until_expiration: 60 }),
      await issue({ seconds_until_expiration: 60, token_format: 'jwt' }),
      await issue({}),
    ]
    const live = await issue({})
    expect((await revoke(kinds[2]!.id)).status).toBe(200)
    world.clock.advance(60_000)
    const before = await Promise.all(kinds.map(({ token }) => told(token)))
    world.clock.advance(30 * DAY_MS)
    await sweep()
    expect(await Promise.all(kinds.map(({ token }) => told(token)))).toEqual(before)
    expect(before.map(({ status }) => status)).toEqual([404, 404, 404])
    // It is gone, and not only refused.
    for (const { id } of kinds) expect((await revoke(id)).status).toBe(404)
    expect((await verify(live.token)).status).toBe(200)
    expect((await revoke(live.id)).status).toBe(200)
  })
})
