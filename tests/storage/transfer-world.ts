/** Stores of both kinds, an authority on each of them, and records of every table, made as users make them. */
import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Authority } from '../../packages/server/src/authority.ts'
import { systemRandom } from '../../packages/server/src/core/secrets/random.ts'
import { createInstance } from '../../packages/server/src/directory/instances/create.ts'
import { toWebHandler } from '../../packages/server/src/http/adapters/web-handler.ts'
import { createHandler } from '../../packages/server/src/http/handler.ts'
import { composeAuthority } from '../../packages/server/src/server/compose.ts'
import { readConfig } from '../../packages/server/src/server/config.ts'
import { exportAudit } from '../../packages/server/src/storage/transfer/audit-export.ts'
import { backup } from '../../packages/server/src/storage/transfer/backup.ts'
import { openSource, type Place } from '../../packages/server/src/storage/transfer/connection.ts'
import { readPages, toLine } from '../../packages/server/src/storage/transfer/pages.ts'
import { restore, type RestoreSummary } from '../../packages/server/src/storage/transfer/restore.ts'
import { TABLES } from '../../packages/server/src/storage/transfer/tables.ts'
import { freshDatabase } from '../support/postgres.ts'
import { removeFolder, temporaryFolder } from '../support/server-process.ts'

export const KINDS = ['sqlite', 'postgres'] as const
export type Kind = (typeof KINDS)[number]

const masterKey = systemRandom.bytes(32)
const removals: (() => Promise<void> | void)[] = []

/** An empty place. */
export async function emptyPlace(kind: Kind): Promise<Place> {
  if (kind === 'sqlite') {
    const folder = temporaryFolder()
    removals.push(() => removeFolder(folder))
    return { kind, folder }
  }
  const database = await freshDatabase()
  removals.push(() => database.drop())
  return { kind, url: database.url }
}

/** To be called when all that used them is closed. */
export async function removePlaces(): Promise<void> {
  for (const remove of removals.splice(0)) await remove()
}

export interface Served {
  readonly authority: Authority
  readonly secretKey: string
  // oxlint-disable-next-line typescript/no-explicit-any -- what is in an answer is what is being tested
  request(method: string, path: string, key: string, body?: object): Promise<{ status: number; body: any }>
  /** An instance made by the operator. @returns its key */
  addInstance(name: string): Promise<string>
  /** Redeems a ticket of the first instance, at a new browser. @returns the id of the session */
  signIn(ticket: string): Promise<string>
  /** Writes what was noted. */
  flush(): Promise<void>
  close(): Promise<void>
}

export async function serve(place: Place): Promise<Served> {
  const environment: Record<string, string> =
    place.kind === 'sqlite' ? { MINTMARK_DATA: place.folder } : { MINTMARK_DATABASE_URL: place.url }
  const authority = await composeAuthority(readConfig({ flags: {}, environment, file: null }), {
    masterKeys: { current: masterKey, previous: [] },
    publicUrl: 'http://127.0.0.1:4100',
    onFatal: (error) => {
      throw error
    },
  })
  const { storage, deps, frontend } = authority
  const handle = toWebHandler(
    createHandler(authority, {
      publishedKeys: { all: () => [] },
      checkReady: () => storage.check(),
      observe: () => {},
      rateLimit: 0,
      basePath: '',
    }),
  )
  const addInstance = async (name: string) => {
    const origin = name === 'first' ? null : `https://${name}.example`
    return (await createInstance(deps, { name, environment: 'test', frontendOrigin: origin }, 'test'))
      .secretKey
  }
  const isEmpty = (await storage.read.instances.list()).length === 0
  return {
    authority,
    secretKey: isEmpty ? await addInstance('first') : '',
    addInstance,
    async request(method, path, key, body) {
      const answer = await handle(
        new Request(`http://127.0.0.1:4100${path}`, {
          method,
          headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
          ...(body && { body: JSON.stringify(body) }),
        }),
        '192.0.2.1',
      )
      const text = await answer.text()
      return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
    },
    async signIn(ticket) {
      const [instance] = await storage.read.instances.list()
      const caller = { kind: 'browser', instanceId: instance!.id, browserId: null } as const
      const call = { caller, address: '192.0.2.1', traceId: 'test' }
      const origin = 'https://app.example'
      const { body } = await frontend.signIn({ call, instance: instance!, browser: null, origin }, ticket)
      return (body as { response: { created_session_id: string } }).response.created_session_id
    },
    flush: () => storage.flush(),
    close: () => storage.close(),
  }
}

export interface World {
  readonly instanceKey: string
  readonly issuer: { readonly id: string; readonly secretKey: string }
  readonly reader: { readonly id: string; readonly secretKey: string }
  readonly opaque: { readonly id: string; readonly token: string }
  readonly jwt: { readonly id: string; readonly token: string }
  readonly actorToken: { readonly id: string; readonly token: string }
  readonly signInToken: { readonly id: string; readonly token: string }
  /** Good for two uses. */
  readonly testingToken: { readonly id: string; readonly token: string }
  /** Of the user, at a browser of its own. */
  readonly session: { readonly id: string }
  /** One that an actor token opened. */
  readonly impersonation: { readonly actorTokenId: string; readonly sessionId: string }
  readonly user: string
}

/** Something in every table, and every kind of value in its columns. */
export async function fill(served: Served): Promise<World> {
  const { secretKey } = served
  const post = async (path: string, body: object = {}, key = secretKey) => {
    const answer = await served.request('POST', path, key, body)
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer)}`)
    return answer.body
  }
  const idOfTestingToken = async () => {
    const { body } = await served.request('GET', '/v1/testing_tokens', secretKey)
    return body.data.find(({ max_uses }: { max_uses: number | null }) => max_uses !== null).id
  }
  await served.addInstance('second')
  const reader = await post('/v1/machines', { name: 'reader "ä\\{},\u2028' })
  const issuer = await post('/v1/machines', {
    name: 'issuer',
    scoped_machines: [reader.id],
    default_token_ttl: 9_000,
  })
  const issue = (body: object) => post('/v1/m2m_tokens', body, issuer.secret_key)
  const claims = { text: 'NULL', quote: '"\\', nothing: null, list: [1, { deep: '✓' }] }
  const opaque = await issue({ claims, min_remaining_ttl_seconds: 10 })
  const jwt = await issue({ token_format: 'jwt' })
  const revoked = await issue({ seconds_until_expiration: 60 })
  await post(`/v1/m2m_tokens/${revoked.id}/revoke`, { revocation_reason: 'a {reason}, "quoted"' })
  await post('/v1/m2m_tokens/verify', { token: opaque.token }, reader.secret_key)
  const user = await post('/v1/users', {
    first_name: 'Ada',
    username: 'ada',
    email_address: ['ada@example.com', 'lovelace@example.com'],
    external_id: 'ext 1',
    public_metadata: { a: [null, 'ß'] },
  })
  const acting = { user_id: user.id, actor: { sub: 'user_support' } }
  const actorToken = await post('/v1/actor_tokens', { ...acting, reason: 'a "reason"', ticket: '#1' })
  const redeemed = await post('/v1/actor_tokens', { ...acting, permissions: ['read', 'ß'] })
  const impersonation = { actorTokenId: redeemed.id, sessionId: await served.signIn(redeemed.token) }
  const signInToken = await post('/v1/sign_in_tokens', { user_id: user.id })
  const session = await post('/v1/sessions', { user_id: user.id })
  const testingToken = await post('/v1/testing_tokens', { label: 'a "label"', max_uses: 2 })
  await post('/v1/testing_tokens')
  await post('/v1/signing_keys/rotate')
  await post(`/v1/machines/${reader.id}/secret_key/rotate`, { previous_token_ttl: 3_600 })
  await served.flush()
  return {
    instanceKey: secretKey,
    issuer: { id: issuer.id, secretKey: issuer.secret_key },
    reader: { id: reader.id, secretKey: reader.secret_key },
    opaque,
    jwt,
    actorToken,
    signInToken,
    testingToken: { id: await idOfTestingToken(), token: testingToken.token },
    session,
    impersonation,
    user: user.id,
  }
}

export const isActive = async (served: Served, { reader }: World, { token }: { token: string }) =>
  (await served.request('POST', '/v1/m2m_tokens/verify', reader.secretKey, { token })).status === 200

/** Every row of every table that is carried over, as lines. */
export async function rowsOf(place: Place): Promise<Record<string, string[]>> {
  const { sql, close } = await openSource(place)
  try {
    const all: Record<string, string[]> = {}
    for (const table of TABLES) {
      const lines: string[] = (all[table.name] = [])
      for await (const rows of readPages(sql, table)) lines.push(...rows.map(toLine))
    }
    return all
  } finally {
    await close()
  }
}

export async function takeBackup(place: Place): Promise<Buffer> {
  const sink = new PassThrough()
  const [, bytes] = await Promise.all([
    backup(place, sink, { release: 'test', onProgress: null }),
    buffer(sink),
  ])
  return bytes
}

interface RestoreChange {
  readonly journal?: readonly string[]
}

export async function restoreInto(
  place: Place,
  bytes: Buffer,
  { journal }: RestoreChange = {},
): Promise<RestoreSummary> {
  const lines = journal && { name: 'journal.jsonl', lines: Readable.from(journal) }
  // From a file, as the command reads it: in chunks.
  const folder = temporaryFolder()
  try {
    writeFileSync(join(folder, 'backup'), bytes)
    return await restore(createReadStream(join(folder, 'backup'), { highWaterMark: 1_000 }), place, {
      name: 'tokens.backup',
      journal: lines ?? null,
      now: Date.now(),
      traceId: 'restore',
      onProgress: null,
    })
  } finally {
    removeFolder(folder)
  }
}

export async function exportJournal(place: Place, since: number | null = null): Promise<string[]> {
  const lines: string[] = []
  await exportAudit(place, since, (event) => void lines.push(JSON.stringify(event)))
  return lines
}
