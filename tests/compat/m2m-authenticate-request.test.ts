/** The published client’s request authentication, as a service of the scoped machine uses it. */
import { createClerkClient } from '@clerk/backend'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type ClientMachine,
  type Compat,
  createMachine,
  createOtherInstance,
  startCompat,
  tampered,
  until,
} from './support.ts'

let compat: Compat
let api: ClientMachine
let worker: ClientMachine
let foreign: ClientMachine

beforeAll(async () => {
  compat = await startCompat()
  api = await compat.machine()
  worker = await compat.machine([api.id])
  const other = await createOtherInstance(compat.server)
  foreign = await createMachine(compat.server, other.instance)
})

afterAll(() => compat.close())

interface Options {
  readonly secretKey?: string
  readonly machineSecretKey?: string
  readonly jwtKey?: string
  readonly apiUrl?: string
  readonly audience?: string
  readonly clockSkewInMs?: number
}

const requestWith = (token?: string): Request =>
  new Request('https://api.service.example/jobs', {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  })

function authenticate(token: string | undefined, options: Options) {
  const { apiUrl = compat.server.url, clockSkewInMs, audience, ...keys } = options
  const client = createClerkClient({ apiUrl, ...keys })
  return client.authenticateRequest(requestWith(token), {
    acceptsToken: 'm2m_token',
    ...(clockSkewInMs !== undefined && { clockSkewInMs }),
    ...(audience !== undefined && { audience }),
  })
}

const byApi = (token: string | undefined) => authenticate(token, { machineSecretKey: api.secretKey })
const byInstance = (token: string, more: Options = {}) =>
  authenticate(token, { secretKey: compat.secretKey, ...more })

const refusedFor = (reason: string): unknown =>
  expect.objectContaining({ status: 'signed-out', isAuthenticated: false, tokenType: 'm2m_token', reason })

const opaque = async (more: object = {}) => worker.client.m2m.createToken(more)
const jwt = async (more: object = {}) => worker.client.m2m.createToken({ tokenFormat: 'jwt', ...more })

describe('authenticateRequest with an opaque token', () => {
  it('accepts a token for the machine whose service it is', async () => {
    const { id, token } = await opaque({ claims: { role: 'writer' } })
    const state = await byApi(token)
    expect(state).toMatchObject({ status: 'signed-in', isAuthenticated: true, tokenType: 'm2m_token', token })
    expect(state.toAuth()).toMatchObject({
      tokenType: 'm2m_token',
      isAuthenticated: true,
      id,
      subject: worker.id,
      machineId: worker.id,
      scopes: [api.id],
      claims: { role: 'writer' },
    })
  })

  it('accepts any token of the instance with its secret key', async () => {
    const { id, token } = await worker.client.m2m.createToken({ machineSecretKey: api.secretKey })
    expect((await byInstance(token!)).toAuth()).toMatchObject({ id, subject: api.id, scopes: [] })
  })

  it('refuses a revoked token', async () => {
    const { id, token } = await opaque()
    expect(await byApi(token)).toMatchObject({ isAuthenticated: true })
    await worker.client.m2m.revokeToken({ m2mTokenId: id })
    expect(await byApi(token)).toEqual(refusedFor('token-invalid'))
  })

  it('refuses an expired token', async () => {
    const { token, expiration } = await opaque({ secondsUntilExpiration: 0.5 })
    expect(await byApi(token)).toMatchObject({ isAuthenticated: true })
    await until(expiration!)
    expect(await byApi(token)).toEqual(refusedFor('token-invalid'))
  })

  it('refuses a token that is out of the machine’s scope', async () => {
    const unscoped = await compat.machine()
    const { token } = await unscoped.client.m2m.createToken()
    expect(await byApi(token)).toEqual(refusedFor('token-invalid'))
  })

  it('refuses a tampered token', async () => {
    const { token } = await opaque()
    expect(await byApi(tampered(token!))).toEqual(refusedFor('token-invalid'))
  })

  it('refuses a token of another instance', async () => {
    const { token } = await foreign.client.m2m.createToken()
    expect(await byApi(token)).toEqual(refusedFor('token-invalid'))
    expect(await byInstance(token!)).toEqual(refusedFor('token-invalid'))
  })

  it('refuses every token once the machine that issued it is deleted', async () => {
    const machine = await compat.machine([api.id])
    const { token } = await machine.client.m2m.createToken()
    expect(await byApi(token)).toMatchObject({ isAuthenticated: true })
    await compat.instance.machines.delete(machine.id)
    expect(await byApi(token)).toEqual(refusedFor('token-invalid'))
  })

  it('says that it is the key that is not good, where it is not the token', async () => {
    const { token } = await opaque()
    const state = await authenticate(token, { machineSecretKey: tampered(api.secretKey) })
    expect(state).toEqual(refusedFor('secret-key-invalid'))
  })

  it('refuses a request without a token', async () => {
    expect(await byApi(undefined)).toEqual(refusedFor('No token in header'))
  })

  it('refuses what is a token of another type', async () => {
    // A machine's secret key has the prefix that API keys have.
    expect(await byApi(api.secretKey)).toEqual(refusedFor('token-type-mismatch'))
    expect(await byApi('not-a-token')).toEqual(refusedFor('token-type-mismatch'))
  })
})

describe('authenticateRequest that accepts several types', () => {
  it('accepts M2M tokens of either form', async () => {
    for (const { token } of [await opaque(), await jwt()]) {
      const state = await compat.instance.authenticateRequest(requestWith(token), {
        acceptsToken: ['m2m_token', 'session_token'],
        publishableKey: compat.server.env.CLERK_PUBLISHABLE_KEY!,
      })
      expect(state).toMatchObject({ isAuthenticated: true, tokenType: 'm2m_token' })
    }
  })
})

describe('authenticateRequest with a JWT', () => {
  it('accepts it with the published keys, and with the PEM alone', async () => {
    const { id, token } = await jwt({ claims: { role: 'writer' } })
    // A port that `fetch` never connects to.
    const nowhere = 'http://127.0.0.1:9'
    for (const options of [{}, { jwtKey: compat.server.env.CLERK_JWT_KEY!, apiUrl: nowhere }]) {
      const state = await byInstance(token!, options)
      expect(state).toMatchObject({ isAuthenticated: true, tokenType: 'm2m_token' })
      expect(state.toAuth()).toMatchObject({
        id,
        machineId: worker.id,
        scopes: [api.id],
        claims: { role: 'writer' },
      })
    }
  })

  it('accepts it for the machine that pins itself as audience, and for no other', async () => {
    const { token } = await jwt()
    expect(await byInstance(token!, { audience: api.id })).toMatchObject({ isAuthenticated: true })
    expect(await byInstance(token!, { audience: worker.id })).toEqual(refusedFor('token-verification-failed'))
  })

  it('refuses an expired one', async () => {
    const { token, expiration } = await jwt({ secondsUntilExpiration: 1 })
    await until(expiration!)
    // The client forgives five seconds unless it is told otherwise.
    expect(await byInstance(token!, { clockSkewInMs: 0 })).toEqual(refusedFor('token-verification-failed'))
  })

  it('refuses a tampered one', async () => {
    const { token } = await jwt()
    expect(await byInstance(tampered(token!))).toEqual(refusedFor('token-verification-failed'))
  })

  it('refuses one of another instance', async () => {
    const { token } = await foreign.client.m2m.createToken({ tokenFormat: 'jwt' })
    expect(await byInstance(token!)).toEqual(refusedFor('token-verification-failed'))
  })

  it('refuses it where a session is asked for', async () => {
    const { token } = await jwt()
    const { CLERK_PUBLISHABLE_KEY: publishableKey } = compat.server.env
    const state = await compat.instance.authenticateRequest(requestWith(token), {
      acceptsToken: 'session_token',
      publishableKey: publishableKey!,
    })
    expect(state).toMatchObject({ isAuthenticated: false, reason: 'token-type-mismatch' })
  })
})
