/** The calls that programs for Clerk's clients make, in both forms, against a server of its own process. */
import { createClient, Mintmark as Clerk } from '@mintmark/sdk'
import { ClerkCore } from '@mintmark/sdk/core.js'
import * as errors from '@mintmark/sdk/errors.js'
import { actorTokensCreate } from '@mintmark/sdk/funcs/actorTokensCreate.js'
import { actorTokensRevoke } from '@mintmark/sdk/funcs/actorTokensRevoke.js'
import { m2mCreateToken } from '@mintmark/sdk/funcs/m2mCreateToken.js'
import { machineTokensCreate } from '@mintmark/sdk/funcs/machineTokensCreate.js'
import { testingTokensCreate } from '@mintmark/sdk/funcs/testingTokensCreate.js'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { removeFolder, startDev, type ServerProcess } from '../support/server-process.ts'
import { reasonOf } from './support.ts'

const ACTOR = { sub: 'user_2OEpKhcCN1Lat9NQ0G6puh7q5Rb' }
const OPTIONS = { fetchOptions: { headers: { 'x-extra': '1' } }, retries: { strategy: 'none' } } as const

let server: ServerProcess
let clerk: Clerk
let core: ClerkCore
let userId: string

beforeAll(async () => {
  server = await startDev()
  const options = { bearerAuth: server.env.CLERK_SECRET_KEY, serverURL: server.url }
  clerk = new Clerk(options)
  core = new ClerkCore(options)
  userId = (await clerk.users.create()).id
})
afterAll(async () => {
  await server.stop()
  removeFolder(server.data)
})
afterEach(() => vi.unstubAllEnvs())

describe('testingTokens.create', () => {
  const expected = { object: 'testing_token', token: expect.any(String), expiresAt: expect.any(Number) }

  it('returns a token from the class, with and without options', async () => {
    expect(await clerk.testingTokens.create()).toEqual(expected)
    expect(await clerk.testingTokens.create(OPTIONS)).toEqual(expected)
  })

  it('returns a result from the function', async () => {
    expect(await testingTokensCreate(core)).toEqual({ ok: true, value: expected })
    expect(await testingTokensCreate(core, OPTIONS)).toEqual({ ok: true, value: expected })
  })

  it('fails with APIError for any status, as both forms', async () => {
    const options = { bearerAuth: 'sk_test_of_nobody', serverURL: server.url }
    const thrown = await reasonOf(new Clerk(options).testingTokens.create())
    const { ok, error } = await testingTokensCreate(new ClerkCore(options))
    expect(ok).toBe(false)
    for (const each of [thrown, error]) {
      expect(each).toBeInstanceOf(errors.APIError)
      expect(each).not.toBeInstanceOf(errors.ClerkErrors)
      expect(each).toMatchObject({ statusCode: 401 })
    }
  })
})

describe('actorTokens', () => {
  it('are created and revoked by the class', async () => {
    const created = await clerk.actorTokens.create({ userId, actor: ACTOR }, OPTIONS)
    expect(created).toMatchObject({ object: 'actor_token', status: 'pending', userId, actor: ACTOR })
    const revoked = await clerk.actorTokens.revoke({ actorTokenId: created.id }, OPTIONS)
    expect(revoked).toMatchObject({ id: created.id, status: 'revoked', actor: ACTOR })
  })

  it('are created and revoked by functions', async () => {
    const created = await actorTokensCreate(core, { userId, actor: ACTOR })
    if (!created.ok) throw created.error
    const revoked = await actorTokensRevoke(core, { actorTokenId: created.value.id })
    expect(revoked).toMatchObject({ ok: true, value: { status: 'revoked' } })
  })

  it('fail with ClerkErrors for the documented statuses', async () => {
    const { id } = await clerk.actorTokens.create({ userId, actor: ACTOR })
    await clerk.actorTokens.revoke({ actorTokenId: id })
    const again = await reasonOf(clerk.actorTokens.revoke({ actorTokenId: id }))
    const unknown = await reasonOf(clerk.actorTokens.revoke({ actorTokenId: `${id.slice(0, -4)}aaaa` }))
    const bad = await reasonOf(clerk.actorTokens.create({ userId, actor: { sub: '' } }))
    for (const [error, statusCode] of [
      [again, 400],
      [unknown, 404],
      [bad, 422],
    ] as const) {
      expect(error).toBeInstanceOf(errors.ClerkErrors)
      expect(error).toMatchObject({ statusCode })
    }
  })
})

describe('m2m.createToken', () => {
  const issued = { object: 'machine_to_machine_token', revoked: false, expired: false }

  it('returns an opaque token or a JWT, with the machine key of the environment', async () => {
    vi.stubEnv('CLERK_MACHINE_SECRET_KEY', server.env.CLERK_MACHINE_SECRET_KEY)
    const clerkClient = createClient({ apiUrl: server.url })
    expect(await clerkClient.m2m.createToken()).toMatchObject({ ...issued, expiration: null, claims: null })
    const jwt = await clerkClient.m2m.createToken({ tokenFormat: 'jwt' })
    expect(jwt.token.split('.')).toHaveLength(3)
  })

  it('takes all of its parameters', async () => {
    const clerkClient = createClient({ apiUrl: server.url })
    const machineSecretKey = server.env.CLERK_MACHINE_SECRET_KEY!
    const token = await clerkClient.m2m.createToken({
      machineSecretKey,
      tokenFormat: 'opaque',
      secondsUntilExpiration: 60,
      claims: { permissions: ['read_all'] },
    })
    expect(token).toMatchObject({ claims: { permissions: ['read_all'] } })
    expect(token.expiration! - token.createdAt).toBe(60_000)
    const forever = { machineSecretKey, secondsUntilExpiration: null, claims: null }
    expect(await clerkClient.m2m.createToken(forever)).toMatchObject({ expiration: null, claims: null })
    expect(await m2mCreateToken(core, { machineSecretKey })).toMatchObject({ ok: true, value: issued })
  })
})

describe('machineTokens.create', () => {
  it('returns a JWT in both forms', async () => {
    const fields = {
      machineId: server.env.MINTMARK_WORKER_MACHINE_ID!,
      claims: {},
      expiresInSeconds: 999_663,
    }
    expect(await clerk.machineTokens.create(fields, OPTIONS)).toMatchObject({ jwt: expect.any(String) })
    expect(await machineTokensCreate(core, fields)).toMatchObject({ ok: true, value: { object: 'token' } })
  })

  it('fails with ClerkErrors for the documented statuses', async () => {
    const error = await reasonOf(clerk.machineTokens.create({ machineId: 'none' }))
    expect(error).toBeInstanceOf(errors.ClerkErrors)
    const stranger = new Clerk({ bearerAuth: 'sk_test_of_nobody', serverURL: server.url })
    const refused = await reasonOf(stranger.machineTokens.create({ machineId: 'none' }))
    expect(refused).toBeInstanceOf(errors.ClerkErrors)
    expect(refused).toMatchObject({ statusCode: 401 })
  })
})
