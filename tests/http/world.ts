/** An instance with one of everything, and one good request for each operation: what the tables across operations run over. */
import type { TestAuthority, TestInstance } from '../support/authority.ts'
import { ABSENT } from './support.ts'

export interface MachineKeys {
  readonly id: string
  readonly secretKey: string
}

export interface World {
  readonly instance: TestInstance
  /** Issues tokens; scoped to `reader`. */
  readonly issuer: MachineKeys
  readonly reader: MachineKeys
  /** In nobody's scopes. */
  readonly stranger: MachineKeys
  readonly ids: Ids
  /** One good token of each kind. */
  readonly tokens: {
    readonly m2mOpaque: string
    readonly m2mJwt: string
    readonly actorTicket: string
    readonly signInTicket: string
    readonly testingToken: string
    readonly machineToken: string
    readonly sessionJwt: string
    readonly browserCookie: string
    readonly refreshCookie: string
  }
}

/** What a request names. */
export interface Ids {
  readonly issuer: string
  readonly reader: string
  readonly stranger: string
  readonly user: string
  readonly m2mToken: string
  readonly actorToken: string
  readonly signInToken: string
  /** Of the user, at a browser. */
  readonly session: string
  /** A JWT of that session, and what renews it. */
  readonly sessionToken: string
  readonly refreshToken: string
  /** The secret that stands for an M2M token. */
  readonly secret: string
  readonly testingToken: string
  /** The secret that stands for a testing token. */
  readonly testingSecret: string
  readonly signingKey: string
}

export const ABSENT_IDS: Ids = {
  issuer: ABSENT.machine,
  reader: ABSENT.otherMachine,
  stranger: `mch_${'5'.repeat(27)}`,
  user: ABSENT.user,
  m2mToken: ABSENT.m2mToken,
  actorToken: ABSENT.actorToken,
  signInToken: ABSENT.signInToken,
  session: ABSENT.session,
  sessionToken: 'absent.session.token',
  refreshToken: `rt_${'3'.repeat(51)}`,
  secret: `mt_${'3'.repeat(51)}`,
  testingToken: ABSENT.testingToken,
  testingSecret: `1700000000-c_${'3'.repeat(51)}`,
  signingKey: ABSENT.signingKey,
}

export async function createWorld(t: TestAuthority, instance: TestInstance = t.first): Promise<World> {
  const ask = async (path: string, key: string, body: unknown) =>
    (await t.request('POST', path, { key, body })).body
  const key = instance.secretKey
  const reader = await t.machine(instance)
  const stranger = await t.machine(instance)
  const issuer = await t.machine(instance, [reader.id])
  const user = await ask('/v1/users', key, { first_name: 'Ada' })
  const opaque = await ask('/v1/m2m_tokens', issuer.secretKey, {})
  const jwt = await ask('/v1/m2m_tokens', issuer.secretKey, { token_format: 'jwt' })
  const actor = await ask('/v1/actor_tokens', key, { user_id: user.id, actor: { sub: 'user_support' } })
  const signIn = await ask('/v1/sign_in_tokens', key, { user_id: user.id })
  const testing = await ask('/v1/testing_tokens', key, {})
  const testingTokens = await t.request('GET', '/v1/testing_tokens?limit=1', { key })
  const redeemed = await ask('/v1/sign_in_tokens', key, { user_id: user.id })
  const { session, secrets } = await signInWith(t, instance, redeemed.token)
  const sessionToken = await ask(`/v1/sessions/${session}/tokens`, key, {})
  const machineToken = await ask('/v1/machine_tokens', key, { machine_id: issuer.id })
  return {
    instance,
    issuer,
    reader,
    stranger,
    ids: {
      issuer: issuer.id,
      reader: reader.id,
      stranger: stranger.id,
      user: user.id,
      m2mToken: opaque.id,
      actorToken: actor.id,
      signInToken: signIn.id,
      session,
      sessionToken: sessionToken.jwt,
      refreshToken: secrets.refresh,
      secret: opaque.token,
      testingToken: testingTokens.body.data[0].id,
      testingSecret: testing.token,
      signingKey: instance.instance.id,
    },
    tokens: {
      m2mOpaque: opaque.token,
      m2mJwt: jwt.token,
      actorTicket: actor.token,
      signInTicket: signIn.token,
      testingToken: testing.token,
      machineToken: machineToken.jwt,
      sessionJwt: sessionToken.jwt,
      browserCookie: secrets.cookie,
      refreshCookie: secrets.refresh,
    },
  }
}

/** Redeems a ticket at a new browser. @returns the session's id and the browser's cookies */
export async function signInWith({ authority }: TestAuthority, { instance }: TestInstance, ticket: string) {
  const { frontend } = authority
  const caller = { kind: 'browser', instanceId: instance.id, browserId: null } as const
  const call = { caller, address: '192.0.2.1', traceId: 'test' }
  const told = await frontend.signIn({ call, instance, browser: null, origin: 'https://app.example' }, ticket)
  const { response } = told.body as { response: { created_session_id: string } }
  return { session: response.created_session_id, secrets: frontend.secretsOf(told.browser!) }
}

export interface Sample {
  /** The operation's id; an alias without `/v1` ends with `(unversioned)`. */
  readonly name: string
  readonly operation: string
  readonly method: string
  readonly path: string
  readonly body?: Readonly<Record<string, unknown>>
  readonly callers: 'instance' | 'machine' | 'instance or machine'
}

type Row = readonly [operation: string, callers: Sample['callers'], line: string, body?: Sample['body']]

/** One good request for each operation and each path it has. */
export function samplesOf(ids: Ids): readonly Sample[] {
  const machine = `/v1/machines/${ids.issuer}`
  const session = `/v1/sessions/${ids.session}`
  const renewal = {
    expired_token: ids.sessionToken,
    refresh_token: ids.refreshToken,
    request_origin: 'https://app.example',
  }
  const rows: readonly Row[] = [
    ['m2mTokens.create', 'machine', 'POST /v1/m2m_tokens', {}],
    ['m2mTokens.list', 'instance or machine', `GET /v1/m2m_tokens?subject=${ids.issuer}`],
    ['m2mTokens.revoke', 'instance or machine', `POST /v1/m2m_tokens/${ids.m2mToken}/revoke`, {}],
    ['m2mTokens.revokeAll', 'instance', 'POST /v1/m2m_tokens/revoke_all', { subject: ids.stranger }],
    ['m2mTokens.verify', 'instance or machine', 'POST /v1/m2m_tokens/verify', { token: ids.secret }],
    [
      'actorTokens.create',
      'instance',
      'POST /v1/actor_tokens',
      { user_id: ids.user, actor: { sub: 'user_support' } },
    ],
    ['actorTokens.list', 'instance', 'GET /v1/actor_tokens'],
    ['actorTokens.get', 'instance', `GET /v1/actor_tokens/${ids.actorToken}`],
    ['actorTokens.revoke', 'instance', `POST /v1/actor_tokens/${ids.actorToken}/revoke`, {}],
    ['actorTokens.end', 'instance', `POST /v1/actor_tokens/${ids.actorToken}/end`, {}],
    ['signInTokens.create', 'instance', 'POST /v1/sign_in_tokens', { user_id: ids.user }],
    ['signInTokens.revoke', 'instance', `POST /v1/sign_in_tokens/${ids.signInToken}/revoke`, {}],
    ['testingTokens.create', 'instance', 'POST /v1/testing_tokens', {}],
    ['testingTokens.verify', 'instance', 'POST /v1/testing_tokens/verify', { token: ids.testingSecret }],
    ['testingTokens.list', 'instance', 'GET /v1/testing_tokens'],
    ['testingTokens.get', 'instance', `GET /v1/testing_tokens/${ids.testingToken}`],
    ['testingTokens.revoke', 'instance', `POST /v1/testing_tokens/${ids.testingToken}/revoke`, {}],
    ['sessions.list', 'instance', 'GET /v1/sessions?paginated=true'],
    ['sessions.create', 'instance', 'POST /v1/sessions', { user_id: ids.user }],
    ['sessions.get', 'instance', `GET ${session}`],
    ['sessions.createToken', 'instance', `POST ${session}/tokens`, {}],
    ['sessions.refresh', 'instance', `POST ${session}/refresh`, renewal],
    ['sessions.verifyToken', 'instance', 'POST /v1/sessions/verify', { token: ids.sessionToken }],
    ['sessions.revoke', 'instance', `POST ${session}/revoke`, {}],
    ['machineTokens.create', 'instance', 'POST /v1/machine_tokens', { machine_id: ids.issuer }],
    ['machines.list', 'instance', 'GET /v1/machines'],
    ['machines.create', 'instance', 'POST /v1/machines', { name: 'new', scoped_machines: [ids.reader] }],
    ['machines.get', 'instance', `GET ${machine}`],
    ['machines.update', 'instance', `PATCH ${machine}`, { name: 'renamed' }],
    ['machines.getSecretKey', 'instance', `GET ${machine}/secret_key`],
    ['machines.rotateSecretKey', 'instance', `POST ${machine}/secret_key/rotate`, { previous_token_ttl: 60 }],
    ['machines.createScope', 'instance', `POST ${machine}/scopes`, { to_machine_id: ids.stranger }],
    ['machines.deleteScope', 'instance', `DELETE ${machine}/scopes/${ids.reader}`],
    ['machines.delete', 'instance', `DELETE ${machine}`],
    ['users.list', 'instance', 'GET /v1/users'],
    ['users.count', 'instance', 'GET /v1/users/count'],
    ['users.create', 'instance', 'POST /v1/users', { first_name: 'Grace' }],
    ['users.get', 'instance', `GET /v1/users/${ids.user}`],
    ['users.update', 'instance', `PATCH /v1/users/${ids.user}`, { last_name: 'Hopper' }],
    [
      'users.replaceMetadata',
      'instance',
      `PUT /v1/users/${ids.user}/metadata`,
      { public_metadata: { a: 1 } },
    ],
    [
      'users.mergeMetadata',
      'instance',
      `PATCH /v1/users/${ids.user}/metadata`,
      { public_metadata: { a: null } },
    ],
    ['users.delete', 'instance', `DELETE /v1/users/${ids.user}`],
    ['jwks.get', 'instance', 'GET /v1/jwks'],
    ['signingKeys.list', 'instance', 'GET /v1/signing_keys'],
    ['signingKeys.rotate', 'instance', 'POST /v1/signing_keys/rotate', { activate_in_seconds: 0 }],
    ['signingKeys.revoke', 'instance', `POST /v1/signing_keys/${ids.signingKey}/revoke`],
  ]
  return rows.flatMap(([operation, callers, line, body]) => {
    const [method = '', path = ''] = line.split(' ')
    const sample: Sample = { name: operation, operation, method, path, callers, ...(body && { body }) }
    if (!operation.startsWith('m2mTokens.')) return [sample]
    return [sample, { ...sample, name: `${operation} (unversioned)`, path: path.slice('/v1'.length) }]
  })
}

/** The code by which clients of an operation know a bad key. */
export const badKeyCode = ({ callers }: Sample): string =>
  callers === 'instance' ? 'clerk_key_invalid' : 'machine_secret_key_invalid'
