/** The frontend's edge without a socket, in front of an authority with a clock that tests move. */
import type { Policy } from '../../../packages/server/src/authority.ts'
import type { RecordedAuditEvent } from '../../../packages/server/src/audit/audit-event.ts'
import type { Browsing } from '../../../packages/server/src/directory/instances/instance.ts'
import type { HttpRequest } from '../../../packages/server/src/http/exchange.ts'
import { createAssets } from '../../../packages/server/src/http/frontend/assets.ts'
import {
  createBotProtection,
  type ChallengeOptions,
} from '../../../packages/server/src/http/frontend/bot-protection.ts'
import { createFrontendHandler } from '../../../packages/server/src/http/frontend/handler.ts'
import { createPage, type ChallengePage } from '../../../packages/server/src/http/frontend/page.ts'
import type { Published } from '../../../packages/server/src/http/public-routes.ts'
import type { RequestEvent } from '../../../packages/server/src/http/request-event.ts'
import { readPage } from '../../../packages/server/src/server/frontend/files.ts'
import { toJwks } from '../../../packages/server/src/signing/jwks.ts'
import {
  startAuthority,
  type Answer,
  type TestAuthority,
  type TestInstance,
} from '../../support/authority.ts'

/** Where browsers find the first instance, which is one for tests. */
export const OWN = 'https://clerk.site.example'
/** Applications that may use every instance here: one beside the first instance's origin, one elsewhere. */
export const BESIDE = 'https://app.site.example'
export const ELSEWHERE = 'https://elsewhere.example:8443'
/** An application that may use none. */
export const EVIL = 'https://evil.example'

/** In the place of the real one, which the build brings: two files, of which one is large. */
export const CLERK_JS = {
  version: '6.40.2',
  files: new Map([
    ['clerk.browser.js', Buffer.from('/* clerk */ '.repeat(1_000))],
    ['vendors_6.40.2.js', Buffer.from('1')],
  ]),
}

export interface Ask {
  readonly method?: string
  /** With its query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Headers that come twice. */
  readonly repeated?: readonly string[]
  readonly body?: string | Uint8Array
  readonly address?: string
}

export interface Reply extends Answer {
  readonly text: string
  /** Each `Set-Cookie`, whole. */
  readonly cookies: readonly string[]
}

export interface Site {
  readonly t: TestAuthority
  /** Of every request, in turn. */
  readonly events: RequestEvent[]
  /** What the operator would see of faults. */
  readonly faults: unknown[]
  /** One request with nothing added but the host: the first instance's. */
  ask(request: Ask): Promise<Reply>
  setBrowsing(of: TestInstance, change: Partial<Browsing>): Promise<void>
  /** An instance for real people, at an origin of its own, which the same applications may use. */
  addLive(): Promise<{ readonly instance: TestInstance; readonly own: string; readonly host: string }>
  /** The newest audit events, the oldest of them first. */
  audited(count: number): Promise<readonly RecordedAuditEvent[]>
  close(): Promise<void>
}

export interface SiteOptions {
  readonly policy?: Partial<Policy>
  /** Sign-ins of an address in ten seconds; 0 for no limit. */
  readonly signInLimit?: number
  readonly challenge?: ChallengeOptions
  readonly challengePage?: ChallengePage
}

export async function startSite(options: SiteOptions = {}): Promise<Site> {
  const t = await startAuthority({ frontendUrl: OWN, ...options.policy })
  const { authority } = t
  const { deps, storage, frontend } = authority
  const events: RequestEvent[] = []
  const faults: unknown[] = []
  let published: readonly Published[] = []
  const handle = createFrontendHandler(authority, {
    publishedKeys: { all: () => published },
    observe(event, fault) {
      events.push({ ...event })
      if (fault !== undefined) faults.push(fault)
    },
    protect: createBotProtection({
      clock: t.clock,
      signInLimit: options.signInLimit ?? 0,
      challenge: options.challenge ?? null,
      verifyTestingToken: frontend.verifyTestingToken,
    }),
    assets: createAssets(CLERK_JS),
    page: createPage(readPage(), deps.frontendOriginOf, options.challengePage ?? null),
  })

  async function publish(): Promise<void> {
    const instances = await storage.read.instances.list()
    published = await Promise.all(
      instances.map(async (instance) => ({
        instance,
        jwks: toJwks(await deps.keys.published(instance.id)),
      })),
    )
  }

  async function setBrowsing({ instance: { id } }: TestInstance, change: Partial<Browsing>): Promise<void> {
    const instance = await storage.read.instances.find(id)
    await storage.transaction(({ instances }) => instances.setBrowsing(id, { ...instance!, ...change }))
    await publish()
  }

  await setBrowsing(t.first, { allowedOrigins: [BESIDE, ELSEWHERE] })
  return {
    t,
    events,
    faults,
    setBrowsing,
    async ask(request) {
      const { status, headers, body } = await handle(toRequest(request))
      const sent = new Headers()
      for (const [name, value] of Object.entries(headers)) {
        for (const each of [value].flat()) sent.append(name, each)
      }
      const text = Buffer.from(body as string).toString()
      const isJson = sent.get('content-type') === 'application/json' && text !== ''
      return {
        status,
        headers: sent,
        text,
        body: isJson ? JSON.parse(text) : null,
        cookies: sent.getSetCookie(),
      }
    },
    async addLive() {
      const instance = await t.addInstance('live')
      await setBrowsing(instance, { allowedOrigins: [BESIDE, ELSEWHERE] })
      const { origin, host } = new URL(instance.instance.frontendOrigin!)
      return { instance, own: origin, host }
    },
    async audited(count) {
      return storage.read.audit.newest(count)
    },
    close: () => t.close(),
  }
}

function toRequest({
  method = 'GET',
  path,
  headers = {},
  repeated = [],
  body = '',
  address,
}: Ask): HttpRequest {
  const [before = '', ...after] = path.split('?')
  const all: Readonly<Record<string, string>> = { host: new URL(OWN).host, ...headers }
  return {
    method,
    path: before,
    query: after.join('?'),
    header: (name) => all[name] ?? null,
    repeated: (name) => repeated.includes(name),
    isComplete: () => true,
    body: async () => Buffer.from(body as string),
    address: address ?? '192.0.2.7',
  }
}
