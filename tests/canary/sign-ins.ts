/** What browsers do with tickets, cookies and tokens, as it is meant; gathers the secrets that come of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Recorded, Recorder, Sent } from './recorder.ts'
import type { Canaries } from './secrets.ts'

export interface Signing {
  /** Of the Backend API. */
  readonly recorder: Recorder
  /** Of the Frontend API. */
  readonly frontend: Recorder
  readonly canaries: Canaries
  /** Where browsers find the instance. */
  readonly origin: string
  readonly instanceKey: string
  /** What its secrets are called. */
  readonly name: string
}

const FORM = 'application/x-www-form-urlencoded'
const DEADLINE_MS = 30_000

export async function runSignIns({
  recorder,
  frontend,
  canaries,
  origin,
  instanceKey: key,
  name,
}: Signing): Promise<void> {
  const { host } = new URL(origin)

  async function call(path: string, body: object = {}) {
    const answer = await recorder.send(`POST ${path}`, { method: 'POST', path, key, body })
    expect(answer.status, `${path}: ${answer.body}`).toBe(200)
    return JSON.parse(answer.body)
  }

  /** A request of a page of the instance's own origin. */
  const ask = (method: string, path: string, cookie: string, form?: string): Promise<Recorded> =>
    frontend.send(`${method} ${path}`, {
      method,
      path,
      ...(form !== undefined && { body: form }),
      headers: ['host', host, 'origin', origin, 'cookie', cookie, 'content-type', FORM],
    } satisfies Sent)

  async function signIn(kind: string, path: string, body: object): Promise<void> {
    const { token, url } = await call(path, body)
    canaries.add(`${kind} ticket of ${name}`, token)
    expect(url).toContain(token)
    expect((await ask('GET', `/v1/tickets/accept?ticket=${token}`, '')).status).toBe(303)
    const form = `strategy=ticket&ticket=${token}`
    const signedIn = await ask('POST', '/v1/client/sign_ins', '', form)
    expect(signedIn.status, signedIn.body).toBe(200)
    const cookies = new Map(
      signedIn.cookies.map((each) => each.split(';')[0]!.split('=') as [string, string]),
    )
    const browser = cookies.get('__client')!
    canaries.add(`browser cookie after ${kind} of ${name}`, browser)
    const refresh = cookies.get('__refresh')
    if (refresh !== undefined) canaries.add(`refresh cookie after ${kind} of ${name}`, refresh)
    const [session] = JSON.parse(signedIn.body).client.sessions
    canaries.add(`first JWT after ${kind} of ${name}`, session.last_active_token.jwt)
    const cookie = `__client=${browser}`
    const at = `/v1/client/sessions/${session.id}`
    const told = await ask('POST', `${at}/tokens`, cookie, '')
    const { jwt } = JSON.parse(told.body)
    canaries.add(`next JWT after ${kind} of ${name}`, jwt)
    await call('/v1/sessions/verify', { token: jwt })
    const renewed = { expired_token: jwt, refresh_token: refresh ?? 'rt_none', request_origin: origin }
    const again = await recorder.send('refresh', {
      method: 'POST',
      path: `/v1/sessions/${session.id}/refresh`,
      key,
      body: renewed,
    })
    expect(again.status).toBe(refresh === undefined ? 401 : 200)
    expect((await ask('POST', '/v1/client/sign_ins', '', form)).status).toBe(400)
    for (const what of ['touch', 'end'])
      expect((await ask('POST', `${at}/${what}`, cookie, '')).status).toBe(200)
    expect((await ask('POST', `${at}/tokens`, cookie, '')).status).toBe(401)
  }

  // An instance that was made by another process is known within a second.
  const end = Date.now() + DEADLINE_MS
  while ((await ask('GET', '/v1/environment', '')).status !== 200) {
    if (Date.now() > end) throw new Error(`the frontend never knew ${origin}`)
    await sleep(100)
  }
  const userBody = { first_name: 'A' }
  const { id: user_id } = await call('/v1/users', userBody)
  await signIn('an impersonation', '/v1/actor_tokens', {
    user_id,
    actor: { sub: 'user_operator' },
    reason: 'a reason',
    ticket: '#1',
  })
  await signIn('a sign-in', '/v1/sign_in_tokens', { user_id })
}
