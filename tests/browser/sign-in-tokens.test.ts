/** Signing in with a sign-in token, on an application's page in a real browser. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  actorTicket,
  createUser,
  freshToken,
  openApplication,
  redeem,
  signInTicket,
  untilState,
  whoAsks,
} from './clerk-page.ts'
import { startWorld, type World } from './world.ts'

let world: World
let userId: string

beforeAll(async () => {
  world = await startWorld({ linksEndInApplication: true })
  userId = await createUser(world.api)
})

afterEach(() => world.closePages())
afterAll(() => world.close())

async function openHere() {
  const page = await world.openPage()
  await openApplication(page, world.application.origin)
  return page
}

async function signIn() {
  const ticket = await signInTicket(world.api, userId)
  const page = await openHere()
  const { sessionId } = await redeem(page, ticket.token)
  await untilState(page, 'signed-in')
  return { page, ticket, sessionId: sessionId! }
}

const statusOf = async (sessionId: string) =>
  (await world.api('GET', `/v1/sessions/${sessionId}`)).body.status

const refused = (status: number, code: string) => ({ sessionId: null, error: { status, code } })

describe('a sign-in ticket on a page with clerk-js', () => {
  it('signs the user in, and nobody acts', async () => {
    const { page, sessionId } = await signIn()
    const { token } = await freshToken(page)
    expect(await whoAsks(page, token)).toEqual({ status: 'signed-in', userId, sessionId })
    expect(await page.locator('#user').innerText()).toBe('Ada Lovelace')
    expect(await page.locator('#banner').isVisible()).toBe(false)
  })

  it('is for one use', async () => {
    const { ticket } = await signIn()
    expect(await redeem(await openHere(), ticket.token)).toEqual(
      refused(400, 'sign_in_token_already_used_code'),
    )
  })

  it('is refused once it is revoked, too old, or of a user who is not there any more', async () => {
    const gone = await createUser(world.api, 'Byron')
    const [revoked, old, orphaned] = await Promise.all([
      signInTicket(world.api, userId),
      signInTicket(world.api, userId, { expires_in_seconds: 1 }),
      signInTicket(world.api, gone),
    ])
    await world.api('POST', `/v1/sign_in_tokens/${revoked.id}/revoke`)
    await world.api('DELETE', `/v1/users/${gone}`)
    const page = await openHere()
    await page.waitForTimeout(1_100)
    expect(await redeem(page, revoked.token)).toEqual(refused(400, 'sign_in_token_revoked_code'))
    expect(await redeem(page, old.token)).toEqual(refused(400, 'ticket_expired_code'))
    expect(await redeem(page, orphaned.token)).toEqual(refused(400, 'sign_in_token_cannot_be_used_code'))
  })

  it('is refused where somebody is signed in, and stays good', async () => {
    const { page, sessionId } = await signIn()
    const other = await signInTicket(world.api, userId)
    expect(await redeem(page, other.token)).toEqual(refused(400, 'session_exists'))
    expect(await statusOf(sessionId)).toBe('active')
    expect(await redeem(await openHere(), other.token)).toMatchObject({ error: null })
  })

  it('opens a session that outlives a reload, and ends with it when the page signs out', async () => {
    const { page, sessionId } = await signIn()
    await page.reload()
    await untilState(page, 'signed-in')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await untilState(page, 'signed-out')
    expect(await statusOf(sessionId)).toBe('ended')
    await page.reload()
    await untilState(page, 'signed-out')
  })

  it('opens a session that is over at the next token when it is revoked', async () => {
    const { page, sessionId } = await signIn()
    await world.api('POST', `/v1/sessions/${sessionId}/revoke`)
    const { token, refusal } = await freshToken(page)
    expect({ token, refusal }).toEqual({ token: null, refusal: 'signed_out' })
    await untilState(page, 'signed-out')
  })
})

describe('a link of an instance with a sign-in page of its own', () => {
  it('ends there, for a user as for an actor', async () => {
    const [own, acting] = [await signInTicket(world.api, userId), await actorTicket(world.api, userId)]
    for (const [{ url }, state] of [
      [own, 'signed-in'],
      [acting, 'acting'],
    ] as const) {
      const page = await world.openPage()
      await page.goto(url)
      await untilState(page, state)
      expect(page.url()).toBe(`${world.application.origin}/`)
    }
  })
})
