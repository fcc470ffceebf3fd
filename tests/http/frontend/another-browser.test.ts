import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  backendOf,
  expectRefused,
  expectTold,
  startSite,
  visitorOf,
  type Backend,
  type Site,
} from './support.ts'

let site: Site
let backend: Backend
let userId: string

beforeAll(async () => {
  site = await startSite()
  backend = backendOf(site)
  userId = await backend.user({ first_name: 'Ada' })
})

afterAll(() => site.close())

const ticketOf = async () => (await backend.signInToken(userId)).token
const actorTicketOf = async () => (await backend.actorToken(userId)).token

describe('a sign-in', () => {
  // Stops somebody from putting his own cookie into another's browser, and finding that person's session behind it.
  it('gives the browser a new cookie, and the one before is of no use any more', async () => {
    const victim = visitorOf(site)
    expectTold(await victim.signIn(await ticketOf()))
    const planted = victim.jar.get('__client')!
    const attacker = visitorOf(site)
    attacker.jar.set('__client', planted)
    const { client } = expectTold(await victim.signIn(await actorTicketOf()))
    expect(victim.jar.get('__client')).not.toBe(planted)
    expect(client.sessions).toHaveLength(1)
    expect(expectTold(await attacker.get('/v1/client')).response).toBeNull()
    const [{ id }] = client.sessions
    expectRefused(await attacker.post(`/v1/client/sessions/${id}/tokens`), 401, 'signed_out')
    expectTold(await victim.post(`/v1/client/sessions/${id}/tokens`))
  })

  // Stops two tickets that are redeemed at once in one browser from both opening a session.
  it('is one of all that are made at once in one browser', async () => {
    const visitor = visitorOf(site)
    const first = expectTold(await visitor.signIn(await ticketOf()))
    const cookie = visitor.jar.get('__client')!
    const tickets = await Promise.all(Array.from({ length: 5 }, actorTicketOf))
    const replies = await Promise.all(
      tickets.map((ticket) => {
        const same = visitorOf(site)
        same.jar.set('__client', cookie)
        return same.signIn(ticket)
      }),
    )
    const won = replies.filter(({ status }) => status === 200)
    expect(won).toHaveLength(1)
    for (const reply of replies) {
      if (!won.includes(reply)) expectRefused(reply, 409, 'session_creation_not_allowed')
    }
    const replaced = await backend.call('GET', `/v1/sessions/${first.response.created_session_id}`)
    expect(replaced.status).toBe('replaced')
  })

  it('leaves the tickets good that it refused', async () => {
    const visitor = visitorOf(site)
    expectTold(await visitor.signIn(await actorTicketOf()))
    const { id, token } = await backend.actorToken(userId)
    expectRefused(await visitor.signIn(token), 409, 'session_creation_not_allowed')
    expect((await backend.call('GET', `/v1/actor_tokens/${id}`)).status).toBe('pending')
    expectTold(await visitorOf(site).signIn(token))
  })
})

describe('a token of a session', () => {
  // Stops an operator from being a user for as long as he likes with nothing of it in the audit log.
  it('of an impersonation is told with an audit event only', async () => {
    const visitor = visitorOf(site)
    expectTold(await visitor.signIn(await actorTicketOf()))
    const [{ id }] = expectTold(await visitor.get('/v1/client')).response.sessions
    const asking = [
      () => visitor.get('/v1/client'),
      () => visitor.post(`/v1/client/sessions/${id}/touch`),
      () => visitor.post(`/v1/client/sessions/${id}/tokens`),
    ]
    for (const ask of asking) {
      const [last] = await site.audited(1)
      const reply = await ask()
      expectTold(reply)
      expect(reply.text).toMatch(/"jwt":"ey/)
      const [newest] = await site.audited(1)
      expect(newest).toMatchObject({ action: 'session.refresh', targetId: id, number: last!.number + 1 })
    }
  })

  it('ends no later than its session', async () => {
    const { token } = await backend.actorToken(userId, { session_max_duration_in_seconds: 20 })
    const visitor = visitorOf(site)
    const { client } = expectTold(await visitor.signIn(token))
    const [session] = client.sessions
    const [, payload] = session.last_active_token.jwt.split('.')
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString())
    expect(exp).toBe(Math.floor(session.expire_at / 1000))
    const long = await backend.call('POST', `/v1/sessions/${session.id}/tokens`, {
      expires_in_seconds: 3_600,
    })
    const claims = JSON.parse(Buffer.from(long.jwt.split('.')[1], 'base64url').toString())
    expect(claims.exp).toBe(exp)
  })

  // What a key signed until an instant is revoked, whatever it signed.
  it('is refused by a verification once all of its key until then were revoked', async () => {
    const { client } = expectTold(await visitorOf(site).signIn(await ticketOf()))
    const { jwt } = client.sessions[0].last_active_token
    const verify = (token: string) => site.t.request('POST', '/v1/sessions/verify', { key, body: { token } })
    const { secretKey: key } = site.t.first
    expect((await verify(jwt)).status).toBe(200)
    const [{ id }] = (await backend.call('GET', '/v1/signing_keys')).data
    await backend.call('POST', '/v1/m2m_tokens/revoke_all', { signing_key_id: id })
    expect((await verify(jwt)).status).toBe(404)
  })
})
