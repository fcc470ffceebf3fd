/** Each function of the SDK against a real authority: what it sends, with whose key, and what comes back. */
import { readdirSync } from 'node:fs'
import { MintmarkCore } from '@mintmark/sdk/core.js'
import { testingTokensCreate } from '@mintmark/sdk/funcs/testingTokensCreate.js'
import { Mintmark } from '@mintmark/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { authorityFetch, json, scriptedFetch, TESTING_TOKEN, type RecordingFetch } from './support.ts'
import { DIRECTORY_CALLS } from './directory-calls.ts'
import { FUNCTIONS, type World } from './every-function.ts'
import { SESSION_CALLS } from './session-calls.ts'
import { redeemTicket } from './signed-in.ts'
import { TOKEN_CALLS } from './token-calls.ts'

const CALLS = [...TOKEN_CALLS, ...SESSION_CALLS, ...DIRECTORY_CALLS]

let authority: TestAuthority
let recording: RecordingFetch
let world: World

beforeAll(async () => {
  authority = await startAuthority()
  recording = authorityFetch(authority)
  const { secretKey } = authority.first
  const other = await authority.machine(authority.first)
  const machine = await authority.machine(authority.first, [other.id])
  const client = new Mintmark({ secretKey, machineSecretKey: machine.secretKey, fetch: recording.fetch })
  const { id: user } = await client.users.create({ username: 'ada' })
  const signIn = async () => {
    const { token } = await client.signInTokens.create({ userId: user })
    return redeemTicket(authority, token!, 'https://app.example.com')
  }
  world = { client, secretKey, machine, other, user, signIn }
})
afterAll(() => authority.close())

describe('a function of the SDK', () => {
  it('is in the table of this file, whichever it is', () => {
    const files = readdirSync(new URL('../../packages/sdk/src/funcs', import.meta.url))
    const names = files.filter((file) => !file.endsWith('.test.ts')).map((file) => file.slice(0, -3))
    expect(new Set(CALLS.map(({ name }) => name))).toEqual(new Set(names))
    expect(new Set(Object.keys(FUNCTIONS))).toEqual(new Set(names))
  })

  it.each(CALLS)('$name sends what its operation takes and returns what it gives', async (call) => {
    const args = await call.args(world)
    recording.sent.length = 0
    const core = new MintmarkCore({
      secretKey: world.secretKey,
      machineSecretKey: world.machine.secretKey,
      fetch: recording.fetch,
    })
    const result = await (FUNCTIONS[call.name] as (...given: unknown[]) => Promise<unknown>)(core, ...args)

    expect(result).toMatchObject({ ok: true, value: call.gives(world, args) })
    const [sent] = recording.sent
    const { method, path, body, key = 'instance' } = call.sends(world, args)
    expect(recording.sent).toHaveLength(1)
    expect([sent!.method, sent!.path, sent!.body]).toEqual([method, path, body])
    const keys = { instance: world.secretKey, machine: world.machine.secretKey, other: world.other.secretKey }
    expect(sent!.headers.authorization).toBe(`Bearer ${keys[key]}`)
    expect(sent!.headers.accept).toBe('application/json')
    expect(sent!.headers['content-type']).toBe(body === undefined ? undefined : 'application/json')
    expect(sent!.headers['idempotency-key']).toEqual(method === 'POST' ? expect.any(String) : undefined)
  })

  it.each(CALLS.filter(({ method }) => method !== undefined))(
    '$name is the method $method of the class',
    async ({ method, args, gives }) => {
      const [group = '', name = ''] = method!.split('.')
      const given = await args(world)
      const methods = world.client[group as 'm2m'] as unknown as Record<
        string,
        (...args: readonly unknown[]) => Promise<unknown>
      >
      expect(await methods[name]!(...given)).toMatchObject(gives(world, given) as object)
    },
  )
})

describe('testingTokensCreate', () => {
  // Stops calls from being broken that were written when a testing token had no fields.
  it('takes options of the call in place of its fields, among them and after them', async () => {
    const calls = [
      [[{ idempotencyKey: 'one' }], undefined, 'one'],
      [[{ label: 'a', idempotencyKey: 'two' }], { label: 'a' }, 'two'],
      [[{ maxUses: 1 }, { idempotencyKey: 'three' }], { max_uses: 1 }, 'three'],
      [[undefined, { idempotencyKey: 'four' }], undefined, 'four'],
    ] as const
    for (const [args, body, key] of calls) {
      const { fetch, sent } = scriptedFetch(() => json(200, TESTING_TOKEN))
      expect(
        await testingTokensCreate(new MintmarkCore({ secretKey: 'sk_x', fetch }), ...args),
      ).toMatchObject({
        ok: true,
      })
      expect(sent[0]!.body).toEqual(body)
      expect(sent[0]!.headers['idempotency-key']).toBe(key)
    }
  })
})

describe('the names of an answer', () => {
  it('leave claims as they were given, also such names as the language has a meaning for', async () => {
    const claims = JSON.parse(
      '{"snake_case":1,"camelCase":2,"__proto__":{"polluted":true},"constructor":{"a_b":[{"c_d":1}]}}',
    ) as object
    const issued = await world.client.m2m.createToken({ claims })
    const verified = await world.client.m2m.verifyToken({
      token: issued.token,
      machineSecretKey: world.other.secretKey,
    })

    expect(JSON.stringify(issued.claims)).toBe(JSON.stringify(claims))
    expect(JSON.stringify(verified.claims)).toBe(JSON.stringify(claims))
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('leave an actor and metadata as they were given', async () => {
    const actor = { sub: 'user_support', on_behalf_of: { team_name: 'x' } }
    const created = await world.client.actorTokens.create({ userId: world.user, actor })
    expect(created.actor).toEqual(actor)

    const metadata = { snake_case: { deep_er: [1] }, camelCase: true }
    const user = await world.client.users.create({
      publicMetadata: metadata,
      privateMetadata: metadata,
      unsafeMetadata: metadata,
    })
    expect(user).toMatchObject({
      publicMetadata: metadata,
      privateMetadata: metadata,
      unsafeMetadata: metadata,
    })
  })

  it('leave nothing out that is null or false', async () => {
    const token = await world.client.m2m.createToken({ claims: null })
    expect(token).toMatchObject({ claims: null, revoked: false, revocationReason: null, expiration: null })
  })
})
