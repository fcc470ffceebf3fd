/** The authority in this process, on a real database in a temporary folder, with a clock that tests move. */
import { createAuthority, type Authority, type Policy } from '../../packages/server/src/authority.ts'
import { createIdSource } from '../../packages/server/src/core/ids.ts'
import {
  createKeyRing,
  fingerprintOf,
  MASTER_KEY_BYTES,
} from '../../packages/server/src/core/secrets/master-key.ts'
import { systemRandom } from '../../packages/server/src/core/secrets/random.ts'
import { millis, type Clock } from '../../packages/server/src/core/time.ts'
import { createInstance } from '../../packages/server/src/directory/instances/create.ts'
import type { Environment, Instance } from '../../packages/server/src/directory/instances/instance.ts'
import { createHandler } from '../../packages/server/src/http/handler.ts'
import type { RequestEvent } from '../../packages/server/src/http/request-event.ts'
import { toWebHandler } from '../../packages/server/src/http/adapters/web-handler.ts'
import { publishKeys } from '../../packages/server/src/server/published-keys.ts'
import { removeFolder, temporaryFolder } from './server-process.ts'
import { dropTestStore, openTestStorage } from './test-store.ts'

/** A clock that stands still until a test moves it. */
export interface TestClock extends Clock {
  advance(milliseconds: number): void
}

function testClock(start = Date.UTC(2026, 0, 15, 12)): TestClock {
  let now = start
  return {
    now: () => millis(now),
    advance: (milliseconds) => void (now += milliseconds),
  }
}

export interface TestInstance {
  readonly instance: Instance
  readonly secretKey: string
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // Tests look into answers as clients do: without knowing their type.
  // oxlint-disable-next-line typescript/no-explicit-any -- its type is what is being tested
  readonly body: any
}

export interface TestAuthority {
  readonly authority: Authority
  readonly clock: TestClock
  readonly data: string
  readonly events: RequestEvent[]
  /** The first instance; more are made by `addInstance`. */
  readonly first: TestInstance
  addInstance(environment?: Environment): Promise<TestInstance>
  /** One request through the whole edge. `key` is sent as bearer; `body` as JSON unless it is a string or bytes. */
  request(
    method: string,
    path: string,
    options?: { key?: string | undefined; body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer>
  /** A machine with its secret key, scoped to others. */
  machine(
    of: TestInstance,
    scopes?: readonly string[],
    more?: object,
  ): Promise<{ id: string; secretKey: string }>
  close(): Promise<void>
}

export async function startAuthority(
  policy: Partial<Policy> = {},
  options: { rateLimit?: number; cachedTokens?: number } = {},
): Promise<TestAuthority> {
  const data = temporaryFolder()
  const clock = testClock()
  const random = systemRandom
  const storage = await openTestStorage(data, options.cachedTokens ?? 1_000)
  const masterKey = random.bytes(MASTER_KEY_BYTES)
  await storage.transaction(({ masterKeys }) =>
    masterKeys.insert({ id: 1, fingerprint: fingerprintOf(masterKey), createdAt: clock.now() }),
  )
  const ring = createKeyRing(new Map([[1, masterKey]]), 1, random)
  const authority = createAuthority(
    { storage, ring, clock, random, ids: createIdSource({ clock, random }) },
    {
      publicUrl: 'http://127.0.0.1:4100',
      acceptUnknownUsers: false,
      machineJwtCategory: 'current',
      longestLifetime: null,
      rememberedSecrets: 1_000,
      clockSkew: millis(0),
      frontendUrl: null,
      testingTokensOnLive: false,
      ...policy,
    },
  )
  let made = 0
  const addInstance = (environment: Environment = 'test') =>
    createInstance(
      authority.deps,
      {
        name: `instance ${++made}`,
        environment,
        frontendOrigin: made === 1 ? null : `https://clerk.instance-${made}.example`,
      },
      'test',
    )
  const first = await addInstance()
  const events: RequestEvent[] = []
  const publishedKeys = await publishKeys(authority)
  const handle = toWebHandler(
    createHandler(authority, {
      publishedKeys,
      checkReady: () => storage.check(),
      observe: (event) => void events.push({ ...event }),
      rateLimit: options.rateLimit ?? 0,
      basePath: '',
    }),
  )

  async function request(
    method: string,
    path: string,
    {
      key,
      body,
      headers = {},
    }: { key?: string | undefined; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const raw = typeof body === 'string' || body instanceof Uint8Array
    const response = await handle(
      new Request(`http://127.0.0.1:4100${path}`, {
        method,
        headers: {
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: (raw ? body : JSON.stringify(body)) as BodyInit }),
      }),
      '192.0.2.1',
    )
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
  }

  return {
    authority,
    clock,
    data,
    events,
    first,
    addInstance,
    request,
    async machine({ secretKey }, scopes = [], more = {}) {
      const { body } = await request('POST', '/v1/machines', {
        key: secretKey,
        body: { name: 'a machine', scoped_machines: scopes, ...more },
      })
      return { id: body.id, secretKey: body.secret_key }
    },
    async close() {
      publishedKeys.stop()
      await storage.close()
      await dropTestStore(data)
      removeFolder(data)
    },
  }
}
