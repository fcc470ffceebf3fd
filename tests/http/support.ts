/** What the tables of all resources share: how an answer, a refusal and "nothing changed" are looked at. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'vitest'
import { createHandler, type HandlerOptions } from '../../packages/server/src/http/handler.ts'
import type { HttpRequest } from '../../packages/server/src/http/exchange.ts'
import type { PublishedKeys } from '../../packages/server/src/http/public-routes.ts'
import { toWebHandler } from '../../packages/server/src/http/adapters/web-handler.ts'
import { toJwks } from '../../packages/server/src/signing/jwks.ts'
import type { Answer, TestAuthority } from '../support/authority.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { databaseOf, onPostgres } from '../support/test-store.ts'

/** The moment at which the clock of every test stands first. */
export const NOON = Date.UTC(2026, 0, 15, 12)

export const PATTERNS = {
  machine: /^mch_[0-9A-Za-z]{27}$/,
  instance: /^ins_[0-9A-Za-z]{27}$/,
  user: /^user_[0-9A-Za-z]{27}$/,
  m2mToken: /^mt_[0-9a-f]{32}$/,
  actorToken: /^act_[0-9A-Za-z]{27}$/,
  signInToken: /^sit_[0-9A-Za-z]{27}$/,
  testingToken: /^tt_[0-9a-f]{32}$/,
  session: /^sess_[0-9A-Za-z]{27}$/,
  browser: /^client_[0-9a-f]{32}$/,
  jwt: /^ey[\w-]+\.ey[\w-]+\.[\w-]+$/,
  opaqueSecret: /^mt_[0-9A-Za-z]{51}$/,
  machineKey: /^ak_[0-9A-Za-z]{51}$/,
  trace: /^[\w-]{16,64}$/,
} as const

/** Ids of the right shape that no instance has. */
export const ABSENT = {
  machine: `mch_${'3'.repeat(27)}`,
  otherMachine: `mch_${'4'.repeat(27)}`,
  user: `user_${'3'.repeat(27)}`,
  m2mToken: `mt_${'3'.repeat(32)}`,
  actorToken: `act_${'3'.repeat(27)}`,
  signInToken: `sit_${'3'.repeat(27)}`,
  testingToken: `tt_${'3'.repeat(32)}`,
  session: `sess_${'3'.repeat(27)}`,
  signingKey: `kid_${'3'.repeat(27)}`,
} as const

/** What must be true of every answer, whatever it says. */
export function expectWellFormed({ headers }: Pick<Answer, 'headers'>): void {
  expect(headers.get('content-type')).toBe('application/json')
  expect(headers.get('clerk-trace-id')).toMatch(PATTERNS.trace)
  expect(headers.get('access-control-allow-origin')).toBeNull()
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
}

/** @returns the body of an answer that succeeded */
export function expectSuccess(answer: Answer, status = 200): Answer['body'] {
  expect({ status: answer.status, errors: answer.body?.errors }).toEqual({ status, errors: undefined })
  expectWellFormed(answer)
  return answer.body
}

/** Status, code and named parameter, in the envelope that published clients parse. */
export function expectRefusal(answer: Answer, status: number, code: string, param?: string): void {
  const [error] = answer.body?.errors ?? []
  expect({ status: answer.status, code: error?.code, param: error?.meta?.param_name }).toEqual({
    status,
    code,
    param,
  })
  expectEnvelope(answer)
}

/** One error with all three texts, and the trace id in body and header alike. */
export function expectEnvelope({ headers, body }: Answer): void {
  expectWellFormed({ headers })
  expect(body).toEqual({
    errors: [
      {
        message: expect.stringMatching(/./),
        long_message: expect.stringMatching(/./),
        code: expect.stringMatching(/^[a-z0-9_]+$/),
        ...(body.errors[0].meta !== undefined && { meta: expect.any(Object) }),
      },
    ],
    clerk_trace_id: headers.get('clerk-trace-id'),
  })
}

/** Everything that is stored, except when tokens were last used. */
async function storedState({ data }: Pick<TestAuthority, 'data'>): Promise<string> {
  if (onPostgres) return storedOnPostgres(await databaseOf(data))
  const db = new DatabaseSync(join(data, 'mintmark.db'), { readOnly: true })
  try {
    const tables = db.prepare("select name from sqlite_schema where type = 'table' order by name").all()
    const hash = createHash('sha256')
    for (const { name } of tables) {
      if (name !== 'm2m_token_uses') hash.update(JSON.stringify(db.prepare(`select * from ${name}`).all()))
    }
    return hash.digest('hex')
  } finally {
    db.close()
  }
}

/** In one statement on one connection: each costs more than what it looks at. */
const EVERYTHING = `select string_agg(md5(stored::text), '') as digest from (
    select table_name, query_to_xml(format('select * from %I order by 1', table_name), true, true, '') as stored
    from information_schema.tables where table_schema = 'public' and table_name <> 'm2m_token_uses' order by 1
  ) as tables`

async function storedOnPostgres(database: TestDatabase): Promise<string> {
  const [{ digest }] = await database.query(EVERYTHING)
  return digest
}

/** @returns what `attempt` returned, having changed nothing that is stored */
export async function expectUnchanged<T>(t: TestAuthority, attempt: () => Promise<T>): Promise<T> {
  const before = await storedState(t)
  const result = await attempt()
  expect(await storedState(t)).toBe(before)
  return result
}

/** An answer as a client sees it, less its trace id, how far the node has read, and with the ids it was asked about blanked. */
export function shapeOf({ status, headers, body }: Answer, ids: readonly string[] = []): string {
  const traceId = headers.get('clerk-trace-id') ?? ''
  const same = [...headers].filter(([name]) => name !== 'mintmark-log-position')
  const text = JSON.stringify({ status, headers: same.sort(), body })
  return [traceId, ...ids].reduce((shape, id) => (id === '' ? shape : shape.replaceAll(id, '…')), text)
}

/** A request as the handler sees it: its path, method and headers reach it as they are written. */
type RawRequest = Partial<Omit<HttpRequest, 'body' | 'header'>> & {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

export interface Edge {
  raw(request: RawRequest): Promise<Answer>
  /** A `Request` with nothing added. */
  web(request: Request): Promise<Answer>
}

/** The edge of an authority without the conveniences of `request`, such as a content type. */
export function edgeOf(t: TestAuthority, options: Partial<HandlerOptions> = {}): Edge {
  const { read } = t.authority.deps
  let published: ReturnType<PublishedKeys['all']> = []
  const handle = createHandler(t.authority, {
    publishedKeys: { all: () => published },
    checkReady: () => t.authority.storage.check(),
    observe: () => {},
    rateLimit: 0,
    basePath: '',
    ...options,
  })
  const web = toWebHandler(handle)
  async function publish(): Promise<void> {
    published = await Promise.all(
      (await read.instances.list()).map(async (instance) => ({
        instance,
        jwks: toJwks(await t.authority.deps.keys.published(instance.id)),
      })),
    )
  }
  return {
    async raw({ body = new Uint8Array(), headers = {}, ...rest }) {
      if (rest.path === '/.well-known/jwks.json') await publish()
      const response = await handle({
        method: 'GET',
        path: '/',
        query: '',
        header: (name) => headers[name] ?? null,
        repeated: () => false,
        address: null,
        ...rest,
        isComplete: () => true,
        body: async () => body,
      })
      return toAnswer(
        response.status,
        new Headers(response.headers as Record<string, string>),
        String(response.body),
      )
    },
    async web(request) {
      const response = await web(request)
      return toAnswer(response.status, response.headers, await response.text())
    },
  }
}

const toAnswer = (status: number, headers: Headers, text: string): Answer => ({
  status,
  headers,
  body: text === '' ? null : JSON.parse(text),
})

/** The parts of a JWT, unchecked. */
export function readJwt(jwt: string): { header: Answer['body']; payload: Answer['body'] } {
  const [header, payload] = jwt
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as unknown)
  return { header, payload }
}
