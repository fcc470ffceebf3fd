import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { checkAll, COMMANDS, type Model, type Real } from './token-life.ts'

const RUNS = 80
const LONGEST = 40

async function begin(world: TestAuthority): Promise<{ model: Model; real: Real }> {
  const verifier = await world.machine(world.first)
  const { id: issuer, secretKey } = await world.machine(world.first, [verifier.id])
  return {
    model: { tokens: [], keys: [{ secret: secretKey, endsAt: null }], scoped: true, deleted: false },
    real: { world, issuer, verifier },
  }
}

// Stops a revoked token from coming back by any way there is: a cache, a pool, a race, a clock that is set
// back, a second revocation, another key or scope of its machine.
describe.each([
  ['with room for every token in memory', 1_000],
  ['with room for four', 4],
  ['with room for none', 0],
])('a revoked token stays revoked, whatever is done after it, %s', (_name, cachedTokens) => {
  let world: TestAuthority

  beforeAll(async () => {
    world = await startAuthority({}, { cachedTokens })
  })

  afterAll(() => world.close())

  it('in one order after another', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(COMMANDS, { maxCommands: LONGEST, size: 'max' }), async (commands) => {
        const { model, real } = await begin(world)
        await fc.asyncModelRun(() => ({ model, real }), commands)
        await checkAll(model, real)
      }),
      { numRuns: RUNS },
    )
  })

  it('with verifications running at the same time', async () => {
    const { real } = await begin(world)
    const { request } = world
    for (let round = 0; round < 20; round++) {
      const issued = await request('POST', '/v1/m2m_tokens', {
        key: (await world.machine(world.first, [real.verifier.id])).secretKey,
        body: {},
      })
      const verify = () =>
        request('POST', '/v1/m2m_tokens/verify', {
          key: real.verifier.secretKey,
          body: { token: issued.body.token },
        })
      const before = Array.from({ length: 10 }, verify)
      const revoked = request('POST', `/v1/m2m_tokens/${issued.body.id}/revoke`, {
        key: world.first.secretKey,
        body: {},
      })
      const beside = Array.from({ length: 10 }, verify)
      expect((await revoked).status).toBe(200)
      const after = await Promise.all(Array.from({ length: 10 }, verify))
      expect(after.map(({ status }) => status)).toEqual(after.map(() => 404))
      await Promise.all([...before, ...beside])
      expect((await verify()).status).toBe(404)
    }
  })
})
