import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../packages/server/src/core/json.ts'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { jsonValue, textOf } from './json-values.ts'

let world: TestAuthority

beforeAll(async () => {
  world = await startAuthority()
})

afterAll(() => world.close())

/** Issues with claims in a spelling of their own, and asks for a token alike, if there is one. */
async function issue(
  key: string,
  claims: Json,
  turn: number,
): Promise<{ id: string; token: string; claims: Json }> {
  const body = `{"claims": ${textOf(claims, turn)}, "min_remaining_ttl_seconds": 0}`
  const answer = await world.request('POST', '/v1/m2m_tokens', { key, body })
  expect(answer.status).toBe(201)
  return answer.body
}

const isEqual = (a: Json, b: Json) =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)))

describe('a token that is handed out again', () => {
  it('is the same for equal claims, however their names are ordered', async () => {
    await fc.assert(
      fc.asyncProperty(jsonValue, fc.nat(5), fc.nat(5), async (claims, a, b) => {
        const { secretKey } = await world.machine(world.first)
        const first = await issue(secretKey, claims, a)
        const second = await issue(secretKey, claims, b)
        expect([second.id, second.token]).toEqual([first.id, first.token])
      }),
    )
  })

  // Stops a token from being handed out that says something else than what was asked for.
  it('says exactly what was asked for, and is another for other claims', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(jsonValue, { minLength: 2, maxLength: 6 }), async (all) => {
        const { secretKey } = await world.machine(world.first)
        const issued: { claims: Json; id: string }[] = []
        for (const [turn, claims] of all.entries()) {
          const token = await issue(secretKey, claims, turn)
          expect(isEqual(token.claims, claims)).toBe(true)
          issued.push({ claims, id: token.id })
        }
        for (const a of issued)
          for (const b of issued) expect(a.id === b.id).toBe(isEqual(a.claims, b.claims))
      }),
    )
  })

  it('is never that of another machine', async () => {
    await fc.assert(
      fc.asyncProperty(jsonValue, async (claims) => {
        const machines = [await world.machine(world.first), await world.machine(world.first)]
        const [first, second] = await Promise.all(
          machines.map(({ secretKey }) => issue(secretKey, claims, 0)),
        )
        expect(second!.id).not.toBe(first!.id)
      }),
      { numRuns: 20 },
    )
  })
})
