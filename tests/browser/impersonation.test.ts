/** Acting as a user, on an application's page in a real browser: from the ticket to the end. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  ACTOR,
  actorTicket,
  createUser,
  freshToken,
  openApplication,
  payloadOf,
  redeem,
  signInTicket,
  untilState,
  whoAsks,
} from './clerk-page.ts'
import { startWorld, type World } from './world.ts'

let world: World
let userId: string

beforeAll(async () => {
  world = await startWorld()
  userId = await createUser(world.api)
})

afterEach(() => world.closePages())
afterAll(() => world.close())

async function openHere() {
  const page = await world.openPage()
  await openApplication(page, world.application.origin)
  return page
}

/** A page on which somebody acts as the user. */
async function act(more: object = {}) {
  const ticket = await actorTicket(world.api, userId, more)
  const page = await openHere()
  const { sessionId } = await redeem(page, ticket.token)
  await untilState(page, 'acting')
  return { page, ticket, sessionId: sessionId! }
}

const statusOf = async (sessionId: string) =>
  (await world.api('GET', `/v1/sessions/${sessionId}`)).body.status

const refused = (status: number, code: string) => ({ sessionId: null, error: { status, code } })

describe('an actor ticket on a page with clerk-js', () => {
  it('signs the actor in as the user, and the server of the application sees who really acts', async () => {
    const actor = { ...ACTOR, iss: 'helpdesk', team: { name: 'billing' } }
    const { page, sessionId } = await act({ actor, permissions: ['read'] })
    const { token } = await freshToken(page)
    const acting = { ...actor, permissions: ['read'] }
    expect(await whoAsks(page, token)).toEqual({ status: 'signed-in', userId, sessionId, actor: acting })
    const { act: inToken, azp, iss, exp, iat } = payloadOf(token!)
    expect({ inToken, azp, iss }).toEqual({
      inToken: acting,
      azp: world.application.origin,
      iss: world.frontendUrl,
    })
    expect(Number(exp) - Number(iat)).toBe(60)
  })

  it('lets the page show who acts, and offer only what the actor may do', async () => {
    const { page } = await act({ permissions: ['read'] })
    expect(await page.locator('#banner').innerText()).toContain(
      'support:grace acts as Ada Lovelace, and may only read.',
    )
    expect(await page.locator('.refund').first().isDisabled()).toBe(true)
  })

  it('is over at the next token when it is ended in one call', async () => {
    const { page, ticket, sessionId } = await act()
    const { body } = await world.api('POST', `/v1/actor_tokens/${ticket.id}/end`, { reason: 'done' })
    expect(body.session).toMatchObject({ id: sessionId, status: 'revoked' })
    expect(await freshToken(page)).toEqual({ token: null, refusal: 'signed_out' })
    await untilState(page, 'signed-out')
    await page.reload()
    await untilState(page, 'signed-out')
    expect(await redeem(page, ticket.token)).toEqual(refused(400, 'actor_token_already_used_code'))
  })

  it('is refused when it was ended before it was used', async () => {
    const ticket = await actorTicket(world.api, userId)
    await world.api('POST', `/v1/actor_tokens/${ticket.id}/end`, {})
    expect(await redeem(await openHere(), ticket.token)).toEqual(refused(400, 'actor_token_revoked_code'))
  })

  it('is for one use', async () => {
    const { ticket, sessionId } = await act()
    const other = await openHere()
    expect(await redeem(other, ticket.token)).toEqual(refused(400, 'actor_token_already_used_code'))
    expect(await other.evaluate(() => document.body.dataset.state)).toBe('signed-out')
    expect(await statusOf(sessionId)).toBe('active')
  })

  it('is refused where somebody acts as a user already, and stays good', async () => {
    const { page, sessionId } = await act()
    const nested = await actorTicket(world.api, await createUser(world.api, 'Byron'))
    const ordinary = await signInTicket(world.api, userId)
    for (const { token } of [nested, ordinary]) {
      expect(await redeem(page, token)).toEqual(refused(409, 'session_creation_not_allowed'))
    }
    expect(await statusOf(sessionId)).toBe('active')
    expect(await redeem(await openHere(), nested.token)).toMatchObject({ error: null })
  })

  it("replaces a user's own session in that browser, and no other", async () => {
    const [page, elsewhere] = [await openHere(), await openHere()]
    const own = await redeem(page, (await signInTicket(world.api, userId)).token)
    const other = await redeem(elsewhere, (await signInTicket(world.api, userId)).token)
    const { sessionId } = await redeem(page, (await actorTicket(world.api, userId)).token)
    await untilState(page, 'acting')
    expect(await page.evaluate(() => window.Clerk.session?.id)).toBe(sessionId)
    expect(await statusOf(own.sessionId!)).toBe('replaced')
    expect(await statusOf(other.sessionId!)).toBe('active')
  })

  it('outlives a reload', async () => {
    const { page, sessionId } = await act()
    await page.reload()
    await untilState(page, 'acting')
    expect(await page.evaluate(() => window.Clerk.session?.id)).toBe(sessionId)
    expect(await whoAsks(page, (await freshToken(page)).token)).toMatchObject({ sessionId, actor: ACTOR })
  })

  it('ends by the button of the page', async () => {
    const { page, sessionId } = await act()
    await page.getByRole('button', { name: 'End' }).click()
    await untilState(page, 'signed-out')
    expect(await freshToken(page)).toEqual({ token: null, refusal: null })
    expect(await statusOf(sessionId)).toBe('ended')
  })
})
