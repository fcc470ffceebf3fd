/** M2M tokens as JWTs, verified where the client is: with the published keys, or with a PEM and no network. */
import { createClerkClient, verifyToken } from '@clerk/backend'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type ClientMachine,
  type Compat,
  createMachine,
  createOtherInstance,
  readJwt,
  refusalOf,
  refused,
  send,
  startCompat,
  tampered,
} from './support.ts'

let compat: Compat
let api: ClientMachine
let worker: ClientMachine

beforeAll(async () => {
  compat = await startCompat()
  api = await compat.machine()
  worker = await compat.machine([api.id])
})

afterAll(() => compat.close())

const issue = async (more: object = {}) => {
  const { token, ...issued } = await worker.client.m2m.createToken({ tokenFormat: 'jwt', ...more })
  return { ...issued, token: token! }
}

const failed = { code: 'token-verification-failed' }

describe('m2m.createToken as a JWT', () => {
  it('writes the header and the claims that published clients look at', async () => {
    const { token, ...issued } = await issue({ claims: { role: 'reader' } })
    const { header, payload } = readJwt(token)
    expect(header).toEqual({
      alg: 'RS256',
      typ: 'JWT',
      cat: 'cl_B7d4PD333AAA',
      kid: compat.server.env.MINTMARK_INSTANCE_ID,
    })
    const iat = Math.floor(issued.createdAt / 1_000)
    expect(payload).toEqual({
      iss: compat.server.url,
      sub: worker.id,
      aud: [api.id],
      scopes: api.id,
      iat,
      nbf: iat,
      exp: issued.expiration! / 1_000,
      jti: issued.id,
      role: 'reader',
    })
    expect(issued).toMatchObject({ subject: worker.id, scopes: [api.id], claims: { role: 'reader' } })
  })

  it('names neither audience nor scopes for a machine that has none', async () => {
    const { client } = await compat.machine()
    const { token } = await client.m2m.createToken({ tokenFormat: 'jwt' })
    const { payload } = readJwt(token!)
    expect(payload).not.toHaveProperty('aud')
    expect(payload).not.toHaveProperty('scopes')
  })

  it('gives every JWT an end, on a whole second after its issue', async () => {
    const { createdAt, expiration } = await issue()
    expect(expiration! - createdAt).toBeLessThanOrEqual(3_600_000)
    expect(expiration! - createdAt).toBeGreaterThan(3_599_000)

    for (const secondsUntilExpiration of [0.2, 2.7, 60]) {
      const { token, ...issued } = await issue({ secondsUntilExpiration })
      const { iat, exp } = readJwt(token).payload as { iat: number; exp: number }
      expect(Number.isInteger(exp)).toBe(true)
      expect(exp).toBeGreaterThan(iat)
      // No later than was asked for, but for the one second that a JWT lives at least.
      expect(exp).toBeLessThanOrEqual(Math.max(issued.createdAt / 1_000 + secondsUntilExpiration, iat + 1))
      expect(issued.expiration).toBe(exp * 1_000)
    }
  })

  it('issues another JWT each time, whatever life is asked to remain', async () => {
    const asked = { secondsUntilExpiration: 60, minRemainingTtlSeconds: 600 }
    expect((await issue(asked)).id).not.toBe((await issue(asked)).id)
  })

  it('refuses the claims that only the authority writes', async () => {
    for (const name of ['iss', 'sub', 'exp', 'nbf', 'iat', 'jti']) {
      expect(await refusalOf(issue({ claims: { [name]: 1 } }))).toEqual(
        refused(400, 'bad_request', { paramName: `claims.${name}` }),
      )
    }
  })

  it('puts the machine’s scopes in the place of any that the caller claims', async () => {
    const { token } = await issue({ claims: { aud: ['mch_mine'], scopes: 'mch_mine', kept: true } })
    expect(readJwt(token).payload).toMatchObject({ aud: [api.id], scopes: api.id, kept: true })
  })
})

describe('m2m.verify of a JWT with the published keys', () => {
  it('accepts it with the secret key of the instance', async () => {
    const { token, id, createdAt, expiration } = await issue({ claims: { role: 'reader' } })
    const iat = Math.floor(createdAt / 1_000) * 1_000
    expect(await compat.instance.m2m.verify({ token })).toEqual({
      id,
      subject: worker.id,
      scopes: [api.id],
      // The client shows what is not reserved as claims, the scopes' own two among them.
      claims: { role: 'reader', aud: [api.id], scopes: api.id },
      revoked: false,
      revocationReason: null,
      expired: false,
      expiration,
      createdAt: iat,
      updatedAt: iat,
      token: undefined,
    })
  })

  it('refuses a tampered one', async () => {
    const issued = await issue()
    const [header, , signature] = issued.token.split('.')
    const claims = { ...readJwt(issued.token).payload, jti: `mt_${'0'.repeat(32)}` }
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url')
    for (const token of [`${header}.${payload}.${signature}`, tampered(issued.token)]) {
      await expect(compat.instance.m2m.verify({ token })).rejects.toMatchObject(failed)
    }
  })

  it('refuses one of another instance', async () => {
    const other = await createOtherInstance(compat.server)
    const { client } = await createMachine(compat.server, other.instance)
    const { token } = await client.m2m.createToken({ tokenFormat: 'jwt' })
    expect(readJwt(token!).payload).toMatchObject({ iss: other.frontendOrigin })
    await expect(other.instance.m2m.verify({ token: token! })).resolves.toMatchObject({ revoked: false })
    await expect(compat.instance.m2m.verify({ token: token! })).rejects.toMatchObject(failed)
  })

  it('refuses it with a secret key that gets no keys', async () => {
    const { token } = await issue()
    const stranger = createClerkClient({ apiUrl: compat.server.url, secretKey: `sk_test_${'0'.repeat(51)}` })
    await expect(stranger.m2m.verify({ token })).rejects.toMatchObject(failed)
  })

  it('refuses it as a session', async () => {
    const { token } = await issue()
    const { secretKey } = compat
    await expect(verifyToken(token, { apiUrl: compat.server.url, secretKey })).rejects.toMatchObject({
      reason: 'token-invalid',
    })
  })
})

describe('m2m.verify of a JWT with the public key in PEM', () => {
  it('needs no network', async () => {
    const gone = await startCompat()
    const { client } = await gone.machine()
    const jwt = await client.m2m.createToken({ tokenFormat: 'jwt' })
    const opaque = await client.m2m.createToken()
    await gone.close()

    const jwtKey = gone.server.env.CLERK_JWT_KEY!
    const offline = createClerkClient({ apiUrl: gone.server.url, secretKey: gone.secretKey, jwtKey })
    expect(await offline.m2m.verify({ token: jwt.token! })).toMatchObject({ id: jwt.id })
    await expect(offline.m2m.verify({ token: tampered(jwt.token!) })).rejects.toMatchObject(failed)
    // Without the PEM the same call fails: there is nobody to ask for keys, nor about an opaque token.
    await expect(gone.instance.m2m.verify({ token: jwt.token! })).rejects.toMatchObject(failed)
    await expect(offline.m2m.verify({ token: opaque.token! })).rejects.toMatchObject({
      errors: [{ code: 'unexpected_error' }],
    })
  })

  it('refuses a JWT of another key', async () => {
    const { token } = await issue()
    const foreign = await startCompat()
    const client = createClerkClient({ jwtKey: foreign.server.env.CLERK_JWT_KEY!, apiUrl: compat.server.url })
    await foreign.close()
    await expect(client.m2m.verify({ token })).rejects.toMatchObject(failed)
  })
})

describe('m2m.revokeToken of a JWT', () => {
  it('makes the authority refuse it, though a client that verifies by itself cannot know', async () => {
    const { id, token } = await issue()
    const verify = () =>
      send(compat.server, 'POST', '/m2m_tokens/verify', { key: api.secretKey, body: { token } })
    expect(await verify()).toMatchObject({ status: 200, body: { id } })

    const revoked = await worker.client.m2m.revokeToken({ m2mTokenId: id, revocationReason: 'leaked' })
    expect(revoked).toMatchObject({ id, revoked: true, revocationReason: 'leaked' })
    expect(await verify()).toMatchObject({ status: 404 })
    await expect(compat.instance.m2m.verify({ token })).resolves.toMatchObject({ id, revoked: false })
  })
})
