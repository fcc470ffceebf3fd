/** People's browsers at the frontend, the application's server behind it, and what both are told. */
import { expect } from 'vitest'
import type { Answer, TestInstance } from '../../support/authority.ts'
import { expectSuccess } from '../support.ts'
import { BESIDE, type Ask, type Reply, type Site } from './site.ts'

export * from './site.ts'

/** Somebody's browser, with a page of an application open. */
export interface Visitor {
  /** The cookies of the frontend's host. */
  readonly jar: Map<string, string>
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Reply>
  /** As clerk-js sends it: a form. */
  post(path: string, form?: Readonly<Record<string, string>>): Promise<Reply>
  signIn(ticket: string): Promise<Reply>
}

export interface VisitorOptions {
  /** Of the page; `null` for one that sends none. */
  readonly origin?: string | null
  readonly host?: string
  readonly address?: string
}

export function visitorOf(site: Site, { origin = BESIDE, host, address }: VisitorOptions = {}): Visitor {
  const jar = new Map<string, string>()
  const send = async (request: Ask): Promise<Reply> => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const reply = await site.ask({
      ...(address !== undefined && { address }),
      ...request,
      headers: {
        ...(origin !== null && { origin }),
        ...(host !== undefined && { host }),
        ...(cookie !== '' && { cookie }),
        ...request.headers,
      },
    })
    for (const each of reply.cookies) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(each)!
      // Those of a parent domain are for others to read.
      if (!each.includes('Domain=')) jar.set(name!, value!)
    }
    return reply
  }
  const post = (path: string, form: Readonly<Record<string, string>> = {}) =>
    send({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    })
  return {
    jar,
    get: (path, headers = {}) => send({ path, headers }),
    post,
    signIn: (ticket) => post('/v1/client/sign_ins', { strategy: 'ticket', ticket }),
  }
}

/** What the application's server asks for with its secret key. */
export interface Backend {
  /** @returns its id */
  user(fields?: object): Promise<string>
  actorToken(userId: string, more?: object): Promise<{ id: string; token: string; url: string }>
  signInToken(userId: string, more?: object): Promise<{ id: string; token: string; url: string }>
  /** @returns the body of an answer that succeeded */
  call(method: string, path: string, body?: object): Promise<Answer['body']>
}

export function backendOf({ t }: Site, { secretKey: key }: TestInstance = t.first): Backend {
  const call: Backend['call'] = async (method, path, body) =>
    expectSuccess(await t.request(method, path, { key, ...(body && { body }) }))
  return {
    call,
    user: async (fields = {}) => (await call('POST', '/v1/users', fields)).id,
    actorToken: (user_id, more = {}) =>
      call('POST', '/v1/actor_tokens', { user_id, actor: { sub: 'user_support' }, ...more }),
    signInToken: (user_id, more = {}) => call('POST', '/v1/sign_in_tokens', { user_id, ...more }),
  }
}

/** Status and code of a refusal, in the envelope that clerk-js reads, with what lets a page of that origin read it. */
export function expectRefused(
  reply: Reply,
  status: number,
  code: string,
  origin: string | null = BESIDE,
): void {
  expect({ status: reply.status, code: reply.body?.errors?.[0]?.code }).toEqual({ status, code })
  expect(reply.headers.get('access-control-allow-origin')).toBe(origin)
  expect(reply.headers.get('cache-control')).toBe('no-store')
  expect(reply.body.clerk_trace_id).toBe(reply.headers.get('clerk-trace-id'))
  expect(reply.cookies).toEqual([])
}

/** @returns the body of an answer that succeeded */
export function expectTold(reply: Reply): Answer['body'] {
  expect({ status: reply.status, errors: reply.body?.errors }).toEqual({ status: 200, errors: undefined })
  expect(reply.headers.get('content-type')).toBe('application/json')
  expect(reply.headers.get('cache-control')).toBe('no-store')
  return reply.body
}
