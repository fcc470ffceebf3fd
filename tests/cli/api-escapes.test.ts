import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../support/server-process.ts'

/** Sets the title of a terminal, clears it, turns the text round, adds a line: of C0, C1 and the marks of direction. */
const HOSTILE = '\u001b]0;pwned\u0007\u009b2J\u202e\u2066\nSecret key  ak_evil'
const ACTED_ON = /[^\P{Cc}\n]|[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

const NOW = 1_764_000_000_000

/** All fields of all resources, with such a text wherever there is one. */
const resourceOf = (object: string): Record<string, unknown> => ({
  ...Object.fromEntries(
    `id alg token jwt secret secret_key subject status state name url user_id username first_name
    external_id revocation_reason instance_id reason ticket label`
      .split(/\s+/)
      .map((name) => [name, HOSTILE]),
  ),
  object,
  scopes: [HOSTILE],
  claims: { [HOSTILE]: HOSTILE },
  actor: { sub: HOSTILE },
  permissions: [HOSTILE],
  session: null,
  latest_activity: { ip_address: HOSTILE },
  max_uses: null,
  uses: 0,
  last_active_at: NOW,
  expire_at: NOW,
  scoped_machines: [{ name: HOSTILE }],
  email_addresses: [{ email_address: HOSTILE }],
  phone_numbers: [{ phone_number: HOSTILE }],
  public_metadata: { a: HOSTILE },
  created_at: NOW,
  updated_at: NOW,
  active_from: NOW,
  expiration: NOW,
  expires_at: NOW / 1000,
  default_token_ttl: 60,
  revoked: false,
  expired: false,
  revoked_at: null,
  retires_at: null,
})

const OBJECTS: readonly (readonly [path: RegExp, object: string])[] = [
  [/^\/v1\/m2m_tokens/, 'machine_to_machine_token'],
  [/secret_key/, 'machine_secret_key'],
  [/scopes/, 'machine_scope'],
  [/^\/v1\/machines/, 'machine'],
  [/^\/v1\/testing_tokens/, 'testing_token'],
  [/^\/v1\/actor_tokens/, 'actor_token'],
  [/^\/v1\/sign_in_tokens/, 'sign_in_token'],
  [/^\/v1\/sessions/, 'session'],
  [/^\/v1\/signing_keys/, 'signing_key'],
  [/^\/v1\/users\/count/, 'total_count'],
  [/^\/v1\/users/, 'user'],
  [/./, 'token'],
]

const LISTS = /^\/v1\/(?:machines|m2m_tokens|signing_keys|actor_tokens|testing_tokens|sessions)$/

let refuses = false
const server = createServer((request, response) => {
  const path = request.url!.replace(/\?.*/, '')
  const resource = resourceOf(OBJECTS.find(([pattern]) => pattern.test(path))![1])
  const isList = request.method === 'GET' && LISTS.test(path)
  const error = { code: HOSTILE, message: HOSTILE, long_message: HOSTILE, meta: { param_name: HOSTILE } }
  const good = isList
    ? { data: [resource], total_count: 1, m2m_tokens: [resource] }
    : request.method === 'GET' && path === '/v1/users'
      ? [resource]
      : { ...resource, total_count: 1, deleted: true }
  const body = refuses ? { errors: [error], clerk_trace_id: HOSTILE } : good
  response.writeHead(refuses ? 401 : 200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
})

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => void server.close())

const MACHINE = 'mch_2abcdefghijklmnopqrstuvwxyz'

/** Every way in which a command shows what a server said. */
const SHOWN = [
  'machines list',
  `machines get ${MACHINE}`,
  'machines create --name any',
  `machines secret-key ${MACHINE}`,
  'tokens issue',
  `tokens list --machine ${MACHINE}`,
  'tokens revoke mt_0199f6f1a1b27c3d8e4f5a6b7c8d9e0f',
  'machine-tokens issue --machine mch_any',
  'testing-tokens create',
  'actor-tokens create --user user_a --actor user_b',
  'actor-tokens revoke act_a',
  'testing-tokens list',
  'testing-tokens revoke tt_a',
  'impersonate user_a --as user_b --reason any',
  'impersonate a@example.com --as user_b --reason any',
  'impersonate list',
  'impersonate end act_a',
  'sign-in-tokens create user_a',
  'sign-in-tokens revoke sit_a',
  'sessions list',
  'sessions revoke sess_a',
  'users list',
  'users get user_a',
  'users delete user_a --yes',
  'keys list',
  'keys rotate --yes',
]

// A server that somebody else named must not write on the terminal of whoever holds a key.
describe('what a hostile server says', () => {
  const call = (line: string) =>
    runCli([...line.split(' '), '--url', `http://127.0.0.1:${(server.address() as AddressInfo).port}`], {
      MINTMARK_SECRET_KEY: 'sk_test_any',
      MINTMARK_MACHINE_SECRET_KEY: 'ak_any',
    })

  it.each(SHOWN)('is shown by "%s" as it would be written, and adds no line', async (line) => {
    refuses = false
    const { code, stdout, stderr } = await call(line)
    expect(code, stderr).toBe(0)
    expect(stdout + stderr).not.toMatch(ACTED_ON)
    expect(stdout + stderr).not.toMatch(/^Secret key +ak_evil/m)
    expect(stdout).toContain(String.raw`\u001b]0;pwned\u0007\u009b2J\u202e\u2066\u000aSecret key`)
  })

  it.each(SHOWN.filter((_line, index) => index % 4 === 0))(
    'is escaped by "%s --json", which stays JSON',
    async (line) => {
      refuses = false
      const { code, stdout, stderr } = await call(`${line} --json`)
      expect(code, stderr).toBe(0)
      expect(stdout).not.toMatch(ACTED_ON)
      expect(JSON.stringify(JSON.parse(stdout))).toContain(JSON.stringify(HOSTILE))
    },
  )

  it.each(SHOWN.filter((_line, index) => index % 4 === 0))(
    'is shown so by "%s" where it is an error',
    async (line) => {
      refuses = true
      const { code, stdout, stderr } = await call(line)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).not.toMatch(ACTED_ON)
      expect(stderr.split('\n')).toHaveLength(2)
    },
  )
})
