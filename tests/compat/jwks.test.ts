/** The published keys, as Clerk's client and as jose read them. */
import { createClerkClient } from '@clerk/backend'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Compat,
  createMachine,
  createOtherInstance,
  refusalOf,
  refused,
  send,
  startCompat,
  tampered,
} from './support.ts'

let compat: Compat

beforeAll(async () => {
  compat = await startCompat()
})

afterAll(() => compat.close())

const publicKeys = () => createRemoteJWKSet(new URL(`${compat.server.url}/.well-known/jwks.json`))
const strict = { algorithms: ['RS256'], typ: 'JWT', requiredClaims: ['exp', 'iat', 'nbf', 'jti', 'sub'] }

async function machineToken(more: object = {}): Promise<string> {
  const { status, body } = await send(compat.server, 'POST', '/v1/machine_tokens', {
    key: compat.secretKey,
    body: { machine_id: 'mch_a_machine_that_is_not_kept', claims: { role: 'reader' }, ...more },
  })
  expect(status).toBe(200)
  expect(body).toEqual({ object: 'token', jwt: expect.any(String) })
  return body.jwt
}

describe('jwks.getJwks', () => {
  it('gives the public half of the instance’s key, and nothing of the other half', async () => {
    const jwks = await compat.instance.jwks.getJwks()
    expect(jwks).toEqual({
      keys: [
        {
          use: 'sig',
          kty: 'RSA',
          alg: 'RS256',
          kid: compat.server.env.MINTMARK_INSTANCE_ID,
          // 2048 bits and 65537: the client's PEM path takes nothing else.
          n: expect.stringMatching(/^[\w-]{342}$/),
          e: 'AQAB',
        },
      ],
    })
  })

  it('refuses a key of no instance and a machine’s', async () => {
    const { secretKey: machineKey } = await compat.machine()
    for (const secretKey of [`sk_test_${'0'.repeat(51)}`, machineKey]) {
      const { jwks } = createClerkClient({ apiUrl: compat.server.url, secretKey })
      expect(await refusalOf(jwks.getJwks())).toEqual(refused(401, 'clerk_key_invalid'))
    }
  })

  it('refuses a request without a key', async () => {
    const answer = await send(compat.server, 'GET', '/v1/jwks')
    expect(answer).toMatchObject({
      status: 401,
      body: { errors: [{ code: 'authorization_header_format_invalid' }] },
    })
  })
})

describe('/.well-known/jwks.json', () => {
  it('gives anyone the same keys, as soon as the server is ready', async () => {
    // Whoever starts a server for a test suite asks it at once.
    const fresh = await startCompat()
    const { status, body } = await send(fresh.server, 'GET', '/.well-known/jwks.json')
    const published = await fresh.instance.jwks.getJwks()
    await fresh.close()
    expect(status).toBe(200)
    expect(body).toEqual(published)
  })
})

describe('jose', () => {
  it('verifies an M2M JWT with the published keys', async () => {
    const api = await compat.machine()
    const worker = await compat.machine([api.id])
    const { token, id } = await worker.client.m2m.createToken({
      tokenFormat: 'jwt',
      claims: { role: 'reader' },
    })
    const expected = { ...strict, issuer: compat.server.url, audience: api.id, subject: worker.id }
    const { payload, protectedHeader } = await jwtVerify(token!, publicKeys(), expected)
    expect(payload).toMatchObject({ jti: id, role: 'reader' })
    expect(protectedHeader).toMatchObject({ cat: 'cl_B7d4PD333AAA' })

    await expect(jwtVerify(token!, publicKeys(), { ...expected, audience: worker.id })).rejects.toMatchObject(
      {
        code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
      },
    )
    await expect(jwtVerify(tampered(token!), publicKeys(), expected)).rejects.toMatchObject({
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    })
  })

  it('verifies a machine token with the published keys', async () => {
    const jwt = await machineToken({ expires_in_seconds: 60, allowed_clock_skew: 10 })
    const { payload } = await jwtVerify(jwt, publicKeys(), { ...strict, issuer: compat.server.url })
    const iat = payload.iat!
    expect(payload).toEqual({
      sub: 'mch_a_machine_that_is_not_kept',
      role: 'reader',
      iss: compat.server.url,
      jti: expect.stringMatching(/^[0-9a-f]{20}$/),
      iat,
      nbf: iat - 10,
      exp: iat + 60,
    })
  })

  it('finds no published key for a JWT of another instance', async () => {
    const other = await createOtherInstance(compat.server)
    const { client } = await createMachine(compat.server, other.instance)
    const { token } = await client.m2m.createToken({ tokenFormat: 'jwt' })
    await expect(jwtVerify(token!, publicKeys(), strict)).rejects.toMatchObject({
      code: 'ERR_JWKS_NO_MATCHING_KEY',
    })
  })

  it('verifies no actor’s ticket with the published keys', async () => {
    const { token } = await compat.instance.actorTokens.create({
      userId: `user_${'0'.repeat(27)}`,
      actor: { sub: 'user_operator' },
    })
    await expect(jwtVerify(token!, publicKeys())).rejects.toMatchObject({
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    })
  })
})

describe('the published client', () => {
  it('verifies a machine token as it verifies an M2M JWT', async () => {
    const token = await machineToken()
    expect(await compat.instance.m2m.verify({ token })).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{20}$/),
      subject: 'mch_a_machine_that_is_not_kept',
      claims: { role: 'reader' },
      scopes: [],
      expired: false,
    })
    await expect(compat.instance.m2m.verify({ token: tampered(token) })).rejects.toMatchObject({
      code: 'token-verification-failed',
    })
  })
})
