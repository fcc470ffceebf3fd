import { createPublicKey } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type Answer, type TestAuthority, type TestInstance } from '../support/authority.ts'
import { expectRefusal, expectSuccess } from './support.ts'

let t: TestAuthority
let second: TestInstance

beforeAll(async () => {
  t = await startAuthority()
  second = await t.addInstance('live')
})
afterAll(() => t.close())

const get = (key?: string, path = '/v1/jwks') => t.request('GET', path, { key })

describe('the keys of an instance for its key holder', () => {
  it('are its published key alone, with every member of the wire and no private one', async () => {
    for (const { instance, secretKey } of [t.first, second]) {
      const { keys, ...rest } = expectSuccess(await get(secretKey))
      expect(rest).toStrictEqual({})
      expect(keys).toStrictEqual([
        {
          use: 'sig',
          kty: 'RSA',
          kid: instance.id,
          alg: 'RS256',
          n: expect.stringMatching(/^[\w-]{342}$/),
          e: 'AQAB',
        },
      ])
    }
  })

  it('are RSA keys of 2048 bits that OpenSSL reads', async () => {
    const [jwk] = expectSuccess(await get(t.first.secretKey)).keys
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({ key: jwk, format: 'jwk' })
    expect(asymmetricKeyType).toBe('rsa')
    expect(asymmetricKeyDetails).toMatchObject({ modulusLength: 2048, publicExponent: 65_537n })
  })

  // Stops a ticket from being verified, and so taken for a session, by a client.
  it('do not include the key of tickets', async () => {
    const all = await t.authority.deps.read.signingKeys.keysOf(t.first.instance.id)
    expect(all.map(({ use }) => use).toSorted()).toStrictEqual(['ticket', 'token'])
    const ticket = all.find(({ use }) => use === 'ticket')!
    const { keys } = expectSuccess(await get(t.first.secretKey))
    expect(keys.map(({ n }: Answer['body']) => n)).not.toContain(ticket.publicKey.n)
  })

  it('are of each instance its own', async () => {
    const [ours, theirs] = [await get(t.first.secretKey), await get(second.secretKey)]
    expect(ours.body.keys[0].n).not.toBe(theirs.body.keys[0].n)
    expect(ours.body.keys[0].kid).not.toBe(theirs.body.keys[0].kid)
  })

  it('are the same each time', async () => {
    expect((await get(t.first.secretKey)).body).toStrictEqual((await get(t.first.secretKey)).body)
  })

  it('need a key, and not that of a machine', async () => {
    expectRefusal(await get(), 401, 'authorization_header_format_invalid')
    const { secretKey } = await t.machine(t.first)
    expectRefusal(await get(secretKey), 401, 'clerk_key_invalid')
  })

  it('are not to be found without the version', async () => {
    expectRefusal(await get(t.first.secretKey, '/jwks'), 404, 'resource_not_found')
  })
})
