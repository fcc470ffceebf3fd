/** How long a session goes on: without activity, with it, and after it was ended elsewhere. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startScene, type Scene } from './scene.ts'
import { BESIDE, expectRefused, expectTold, type Backend, type Site, type Visitor } from './support.ts'

const MINUTE_MS = 60_000

let scene: Scene
let site: Site
let backend: Backend

beforeAll(async () => {
  scene = await startScene()
  ;({ site, backend } = scene)
})
afterAll(() => site.close())

const wait = (minutes: number, less = 0) => site.t.clock.advance(minutes * MINUTE_MS - less)
const token = (visitor: Visitor, id: string) => visitor.post(`/v1/client/sessions/${id}/tokens`)
const touch = (visitor: Visitor, id: string) => visitor.post(`/v1/client/sessions/${id}/touch`)
const statusOf = async (id: string) => (await backend.call('GET', `/v1/sessions/${id}`)).status

/** Nothing that a page asks for is told of the session. */
async function expectOver(visitor: Visitor, id: string, status: string): Promise<void> {
  expectRefused(await token(visitor, id), 401, 'signed_out')
  expectRefused(await touch(visitor, id), 401, 'signed_out')
  expect(expectTold(await visitor.get('/v1/client')).response.sessions).toEqual([])
  const handshake = await visitor.get(`/v1/client/handshake?redirect_url=${encodeURIComponent(BESIDE)}`)
  const carried = new URL(handshake.headers.get('location')!).searchParams.get('__clerk_handshake')!
  const { handshake: cookies } = JSON.parse(Buffer.from(carried.split('.')[1]!, 'base64url').toString())
  expect(
    cookies.filter((each: string) => each.startsWith('__session') && !each.includes('Max-Age=0')),
  ).toEqual([])
  expect(await statusOf(id)).toBe(status)
}

describe('an impersonation', () => {
  // An operator who has left the desk does not stay a user.
  it('is over after ten minutes without activity, to the millisecond', async () => {
    const [kept, left] = [await scene.acting(), await scene.acting()]
    wait(10, 1)
    expectTold(await token(kept.visitor, kept.id))
    site.t.clock.advance(1)
    await expectOver(left.visitor, left.id, 'abandoned')
    expectTold(await token(kept.visitor, kept.id))
  })

  it.each([
    ['asking for a token', token],
    ['touching', touch],
    [
      'a handshake',
      (visitor: Visitor) => visitor.get(`/v1/client/handshake?redirect_url=${encodeURIComponent(BESIDE)}`),
    ],
  ] as const)('goes on with %s, and not with looking at the client', async (_what, act) => {
    const { visitor, id } = await scene.acting()
    wait(9)
    await act(visitor, id)
    wait(9)
    expectTold(await visitor.get('/v1/client'))
    expect(await statusOf(id)).toBe('active')
    wait(1)
    await expectOver(visitor, id, 'abandoned')
  })

  // Activity never extends what an operator was given.
  it('is over after the time that it was given, however active it is', async () => {
    const { visitor, id } = await scene.acting({ session_max_duration_in_seconds: 1_500 })
    for (let minutes = 5; minutes < 25; minutes += 5) {
      wait(5)
      expectTold(await token(visitor, id))
    }
    wait(5, 1)
    expectTold(await token(visitor, id))
    expectTold(await touch(visitor, id))
    site.t.clock.advance(1)
    await expectOver(visitor, id, 'expired')
  })

  it('lasts half an hour where nothing else is said', async () => {
    const { visitor, id } = await scene.acting()
    for (let minutes = 0; minutes < 25; minutes += 5) {
      wait(5)
      expectTold(await touch(visitor, id))
    }
    wait(5)
    await expectOver(visitor, id, 'expired')
  })

  it('is not brought back by activity once it was over', async () => {
    const { visitor, id } = await scene.acting()
    wait(10)
    for (let time = 0; time < 3; time++) await expectOver(visitor, id, 'abandoned')
  })

  it('is over at once when the operator’s own application ends it', async () => {
    const { token: ticket, id: actorToken } = await backend.actorToken(scene.userId)
    const { visitor } = await scene.acting()
    expectTold(await visitor.post('/v1/client/sessions?_method=DELETE'))
    const { response } = expectTold(await visitor.signIn(ticket))
    expectTold(await token(visitor, response.created_session_id))
    await backend.call('POST', `/v1/actor_tokens/${actorToken}/end`, {})
    await expectOver(visitor, response.created_session_id, 'revoked')
  })

  it('has each token that is asked for in the audit log, with who asked from where', async () => {
    const { visitor, id } = await scene.acting()
    for (let time = 0; time < 3; time++) expectTold(await token(visitor, id))
    const events = (await site.audited(10)).filter(({ targetId }) => targetId === id)
    expect(events.map(({ action }) => action)).toEqual([
      'session.create',
      ...Array(3).fill('session.refresh'),
    ])
    expect(events.at(-1)).toMatchObject({
      callerKind: 'browser',
      callerId: expect.stringMatching(/^client_/),
      address: '192.0.2.7',
      reason: `as ${scene.userId} by "user_support"`,
    })
  })
})

describe('a session of the user’s own', () => {
  it('lasts a week, and no longer, however active it is', async () => {
    const { visitor, id } = await scene.signedIn()
    for (let day = 0; day < 6; day++) {
      wait(24 * 60)
      expectTold(await token(visitor, id))
    }
    wait(24 * 60, 1)
    expectTold(await token(visitor, id))
    site.t.clock.advance(1)
    await expectOver(visitor, id, 'expired')
  })

  it('is over at once when it is revoked', async () => {
    const { visitor, id } = await scene.signedIn()
    await backend.call('POST', `/v1/sessions/${id}/revoke`, {})
    await expectOver(visitor, id, 'revoked')
  })
})
