/** Redeeming tickets: whatever is wrong is found out before one is used up, and each is used once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectUnchanged } from '../support.ts'
import { startScene, type Scene } from './scene.ts'
import { expectRefused, expectTold, visitorOf, type Backend, type Site, type Visitor } from './support.ts'

let scene: Scene
let site: Site
let backend: Backend

beforeAll(async () => {
  scene = await startScene()
  ;({ site, backend } = scene)
})
afterAll(() => site.close())

interface Issued {
  readonly id: string
  readonly token: string
}

interface Kind {
  issue(userId: string, more?: object): Promise<Issued>
  readonly path: string
  /** How one is refused that was revoked, used, or whose user is gone. */
  readonly codes: readonly [revoked: string, used: string, gone: readonly [status: number, code: string]]
}

const KINDS: Readonly<Record<string, Kind>> = {
  'an actor token': {
    issue: (userId, more) => backend.actorToken(userId, more),
    path: '/v1/actor_tokens',
    codes: [
      'actor_token_revoked_code',
      'actor_token_already_used_code',
      [404, 'actor_token_subject_not_found'],
    ],
  },
  'a sign-in token': {
    issue: (userId, more) => backend.signInToken(userId, more),
    path: '/v1/sign_in_tokens',
    codes: [
      'sign_in_token_revoked_code',
      'sign_in_token_already_used_code',
      [400, 'sign_in_token_cannot_be_used_code'],
    ],
  },
}

/** Refused at that browser with nothing changed: the ticket is what it was, and nobody is signed in or out. */
async function expectUnused(visitor: Visitor, token: string, status: number, code: string): Promise<void> {
  const cookie = visitor.jar.get('__client')
  expectRefused(await expectUnchanged(site.t, () => visitor.signIn(token)), status, code)
  expect(visitor.jar.get('__client')).toBe(cookie)
}

const cutOff = (token: string) => token.slice(0, -4)
/** The ticket with other claims, under the signature that it had. */
function altered(token: string, change: object): string {
  const [head, payload, signature] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString())
  return `${head}.${Buffer.from(JSON.stringify({ ...claims, ...change })).toString('base64url')}.${signature}`
}

describe.each(Object.entries(KINDS))('%s', (name, { issue, path, codes: [revoked, used, gone] }) => {
  const isActor = name === 'an actor token'
  const revoke = ({ id }: Issued) => backend.call('POST', `${path}/${id}/revoke`, {})

  it('is redeemed once', async () => {
    const { token } = await issue(scene.userId)
    const { response } = expectTold(await visitorOf(site).signIn(token))
    expect(response.status).toBe('complete')
    await expectUnused(visitorOf(site), token, 400, used)
  })

  // Stops a leaked link from being used beside its owner's own use.
  it('lets exactly one of all browsers in that redeem it at once, and tells all others the same', async () => {
    const { token } = await issue(scene.userId)
    const browsers = Array.from({ length: 30 }, () => visitorOf(site))
    const replies = await Promise.all(browsers.map((browser) => browser.signIn(token)))
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const reply of replies.filter(({ status }) => status !== 200)) expectRefused(reply, 400, used)
  })

  it.each<readonly [string, (token: string) => string | Promise<string>]>([
    ['is nothing of the kind', () => 'x'],
    ['is empty', () => ''],
    ['is cut off', cutOff],
    ['names another thing', (token) => altered(token, { sid: `act_${'3'.repeat(27)}` })],
    ['names another kind', (token) => altered(token, { st: isActor ? 'sign_in_token' : 'actor_token' })],
    ['names another instance', (token) => altered(token, { iid: `ins_${'3'.repeat(27)}` })],
    ['is the id alone', async () => (await issue(scene.userId)).id],
    ['is a key', () => site.t.first.secretKey],
  ])('is refused if it %s', async (_what, change) => {
    const { token } = await issue(scene.userId)
    const bad = await change(token)
    await expectUnused(visitorOf(site), bad, 400, 'ticket_invalid_code')
    expectTold(await visitorOf(site).signIn(token))
  })

  it('is refused by another instance', async () => {
    const { host } = await site.addLive()
    const { token } = await issue(scene.userId)
    await expectUnused(visitorOf(site, { host }), token, 400, 'ticket_invalid_code')
    expectTold(await visitorOf(site).signIn(token))
  })

  it('is refused after its end, to the millisecond, whatever else has become of it', async () => {
    const short = () => issue(scene.userId, { expires_in_seconds: 60 })
    const [token, taken, last] = [await short(), await short(), await short()]
    await revoke(taken)
    site.t.clock.advance(59_999)
    expectTold(await visitorOf(site).signIn(last.token))
    site.t.clock.advance(1)
    for (const each of [token, taken, last]) {
      await expectUnused(visitorOf(site), each.token, 400, 'ticket_expired_code')
    }
  })

  it('is refused if it was revoked', async () => {
    const issued = await issue(scene.userId)
    await revoke(issued)
    await expectUnused(visitorOf(site), issued.token, 400, revoked)
  })

  it('is refused if its user was deleted meanwhile', async () => {
    const leaving = await backend.user()
    const { token } = await issue(leaving)
    await backend.call('DELETE', `/v1/users/${leaving}`)
    await expectUnused(visitorOf(site), token, ...gone)
  })

  it('leaves nobody signed in whose user is deleted while it is redeemed', async () => {
    for (let count = 0; count < 10; count++) {
      const leaving = await backend.user()
      const { token } = await issue(leaving)
      const [reply] = await Promise.all([
        visitorOf(site).signIn(token),
        backend.call('DELETE', `/v1/users/${leaving}`),
      ])
      if (reply.status !== 200) expectRefused(reply, ...gone)
      expect(await backend.call('GET', `/v1/sessions?user_id=${leaving}&status=active`)).toEqual([])
    }
  })

  // Stops an operator who acts as one user from acting as another through that one's browser.
  it('is refused where somebody acts as a user, until that is over', async () => {
    const { visitor, id } = await scene.acting()
    const { token } = await issue(scene.userId)
    await expectUnused(visitor, token, 409, 'session_creation_not_allowed')
    expectTold(await visitor.post(`/v1/client/sessions/${id}/end`))
    expectTold(await visitor.signIn(token))
  })

  it('is redeemed where the session of an actor has ended for want of activity', async () => {
    const { visitor, id } = await scene.acting()
    const { token } = await issue(scene.userId)
    site.t.clock.advance(600_000)
    expectTold(await visitor.signIn(token))
    expect((await backend.call('GET', `/v1/sessions/${id}`)).status).toBe('replaced')
  })

  it('tells what is wrong with itself before what is wrong with the browser', async () => {
    const { visitor } = await scene.acting()
    const [spent, taken] = [await issue(scene.userId), await issue(scene.userId)]
    expectTold(await visitorOf(site).signIn(spent.token))
    await revoke(taken)
    await expectUnused(visitor, spent.token, 400, used)
    await expectUnused(visitor, taken.token, 400, revoked)
    await expectUnused(visitor, cutOff(taken.token), 400, 'ticket_invalid_code')
  })
})

describe('a browser where somebody is signed in', () => {
  it('takes no sign-in ticket until they have signed out', async () => {
    const { visitor } = await scene.signedIn()
    const { token } = await backend.signInToken(scene.userId)
    await expectUnused(visitor, token, 400, 'session_exists')
    expectTold(await visitor.post('/v1/client/sessions?_method=DELETE'))
    expectTold(await visitor.signIn(token))
  })

  it('takes an actor ticket, which ends what is there', async () => {
    const { visitor, id } = await scene.signedIn()
    const { token } = await backend.actorToken(scene.userId)
    const { client, response } = expectTold(await visitor.signIn(token))
    expect(client.sessions.map((session: { id: string }) => session.id)).toEqual([
      response.created_session_id,
    ])
    expect((await backend.call('GET', `/v1/sessions/${id}`)).status).toBe('replaced')
    expectRefused(await visitor.post(`/v1/client/sessions/${id}/tokens`), 401, 'signed_out')
  })

  it('ends nothing at any other browser', async () => {
    const [here, there] = [await scene.signedIn(), await scene.signedIn()]
    const { token } = await backend.actorToken(scene.userId)
    expectTold(await here.visitor.signIn(token))
    expect((await backend.call('GET', `/v1/sessions/${there.id}`)).status).toBe('active')
  })
})

describe('the audit log', () => {
  it('has who redeemed what from where, as whom, why, and what it replaced', async () => {
    const { visitor, id: before } = await scene.signedIn({ address: '198.51.100.7' })
    const browser = (await backend.call('GET', `/v1/sessions/${before}`)).client_id
    const said = { reason: 'invoices', ticket: '#1' }
    const { id, token } = await backend.actorToken(scene.userId, said)
    const { response } = expectTold(await visitor.signIn(token))
    const session = response.created_session_id
    const events = await site.audited(3)
    const by = { callerKind: 'browser', callerId: browser, address: '198.51.100.7', at: scene.now() }
    const who = `as ${scene.userId} by "user_support"`
    expect(events).toMatchObject([
      {
        ...by,
        action: 'session.end',
        targetId: before,
        reason: `as ${scene.userId}; replaced by ${session}`,
      },
      { ...by, action: 'session.create', targetId: session, reason: who },
      {
        ...by,
        action: 'actor_token.redeem',
        targetId: id,
        reason: `${who}; reason: invoices; ticket: #1; session: ${session}`,
      },
    ])
    expect(new Set(events.map(({ traceId }) => traceId)).size).toBe(1)
    expect(site.events.at(-1)).toMatchObject({ operation: 'frontend.signIn', traceId: events[0]!.traceId })
  })

  it('has a browser that came without a cookie as nobody', async () => {
    const { token, id } = await backend.signInToken(scene.userId)
    expectTold(await visitorOf(site, { address: '198.51.100.8' }).signIn(token))
    const [event] = await site.audited(1)
    expect(event).toMatchObject({
      action: 'sign_in_token.redeem',
      callerKind: 'browser',
      callerId: null,
      targetId: id,
      address: '198.51.100.8',
      reason: expect.stringMatching(new RegExp(`^as ${scene.userId}; session: sess_`)),
    })
  })

  it('has signing out, once', async () => {
    const { visitor, id } = await scene.acting()
    for (let time = 0; time < 2; time++) await visitor.post(`/v1/client/sessions/${id}/end`)
    const events = (await site.audited(5)).filter(({ targetId }) => targetId === id)
    expect(events.map(({ action }) => action)).toEqual(['session.create', 'session.end'])
    expect(events.at(-1)).toMatchObject({
      callerKind: 'browser',
      address: '192.0.2.7',
      reason: `as ${scene.userId} by "user_support"`,
    })
  })
})
