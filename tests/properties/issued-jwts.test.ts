/** What the authority signs it reads: no input is taken at issue that makes a token nobody can verify. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../packages/server/src/core/json.ts'
import { verifyMachineToken } from '../../packages/server/src/tokens/machine-tokens/verify.ts'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { jsonObject } from './json-values.ts'

const RESERVED = ['exp', 'iat', 'iss', 'jti', 'nbf', 'sub']
const MOST_SCOPES = 150

let world: TestAuthority
let verifiers: { id: string; secretKey: string }[]

beforeAll(async () => {
  world = await startAuthority()
  verifiers = []
  for (let count = 0; count < MOST_SCOPES; count++) verifiers.push(await world.machine(world.first))
})

afterAll(() => world.close())

/** Issues with a JSON text for claims. If that is accepted, so is the token by a machine it is scoped to. */
async function expectVerifiable(claims: string, scopes = 1): Promise<void> {
  const scoped = verifiers.slice(0, scopes)
  const { secretKey } = await world.machine(
    world.first,
    scoped.map(({ id }) => id),
  )
  const issued = await world.request('POST', '/v1/m2m_tokens', {
    key: secretKey,
    body: `{"token_format":"jwt","claims":${claims}}`,
  })
  if (issued.status === 400) return
  expect(issued.status).toBe(201)
  const { status } = await world.request('POST', '/v1/m2m_tokens/verify', {
    key: scoped[0]!.secretKey,
    body: { token: issued.body.token },
  })
  expect(status).toBe(200)
}

async function expectVerifiableMachineToken(claims: string): Promise<void> {
  const { deps } = world.authority
  const issued = await world.request('POST', '/v1/machine_tokens', {
    key: world.first.secretKey,
    body: `{"machine_id":"mch_a","claims":${claims}}`,
  })
  if (issued.status >= 400) {
    expect(issued.status).toBeLessThan(500)
    return
  }
  const verdict = await verifyMachineToken(deps, world.first.instance.id, issued.body.jwt)
  expect(verdict).toMatchObject({ active: true })
}

const manyNames = (count: number) =>
  JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [index.toString(36), 0])))

const CLAIMS: readonly (readonly [string, string])[] = [
  ['a large number in short', '{"n":1.2345678901234567e20}'],
  ['a large number with a fraction', '{"n":12345678901234567890.0}'],
  ['2^60', '{"n":1152921504606846976}'],
  ['half of a surrogate pair in a name', '{"\\ud800":1}'],
  ['the name of the prototype', '{"__proto__":{"exp":1}}'],
  ['as many names as a body may have', manyNames(1_996)],
  ['as many levels as a body may have', `{"a":${'['.repeat(30)}${']'.repeat(30)}}`],
  ['as many bytes as claims may have', JSON.stringify({ a: 'x'.repeat(16_375) })],
]

describe('an issued JWT', () => {
  it.each(CLAIMS)('can be verified with %s', (_name, claims) => expectVerifiable(claims))

  it.each([
    ['no claims', '{}'],
    ['as many bytes of claims as there may be', JSON.stringify({ a: 'x'.repeat(16_375) })],
  ])('can be verified with as many scopes as a machine may have, and %s', (_name, claims) =>
    expectVerifiable(claims, MOST_SCOPES),
  )

  it('can be verified with any claims that are accepted', async () => {
    await fc.assert(
      fc.asyncProperty(jsonObject, (claims: Record<string, Json>) =>
        expectVerifiable(JSON.stringify(claims)),
      ),
    )
  })
})

describe('an issued machine token', () => {
  it.each(CLAIMS)('can be verified with %s', (_name, claims) => expectVerifiableMachineToken(claims))

  it('can be verified with any claims that are accepted', async () => {
    await fc.assert(
      fc.asyncProperty(jsonObject, async (claims) => {
        for (const name of RESERVED) delete claims[name]
        await expectVerifiableMachineToken(JSON.stringify(claims))
      }),
    )
  })
})
