/**
 * The published `@clerk/testing`, unmodified, as end-to-end suites use it with Playwright: its testing token lets them
 * past bot protection, which is on and would stop them.
 */
import { clerk, clerkSetup, setupClerkTestingToken } from '@clerk/testing/playwright'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { findFreePort } from '../support/free-port.ts'
import {
  ACTOR,
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
  const port = await findFreePort()
  // The suite's own requests are made by Node, and not every machine tells it where clerk.localhost is.
  const frontendUrl = `https://127.0.0.1:${port}`
  const frontend = ['--frontend-port', String(port), '--frontend-url', frontendUrl]
  world = await startWorld({ flags: [...frontend, '--sign-in-limit', '1', '--metrics-port', '0'] })
  userId = await createUser(world.api)
  const { CLERK_API_URL, CLERK_SECRET_KEY, CLERK_PUBLISHABLE_KEY } = world.server.env
  Object.assign(process.env, { CLERK_API_URL, CLERK_SECRET_KEY, CLERK_PUBLISHABLE_KEY })
  await clerkSetup({ dotenv: false })
})

afterEach(() => world.closePages())
afterAll(() => world.close())

/** What `setupClerkTestingToken` does to a context is for ever, so each is a new one. */
const openSmall = () => world.openPage({ viewport: { width: 320, height: 240 } })

/** A page as a suite has it: with the testing token, before anything is signed in. */
async function openTested(): Promise<Page> {
  const page = await openSmall()
  await setupClerkTestingToken({ page })
  await openApplication(page, world.application.origin)
  return page
}

const signIn = async (page: Page, ticket: string) =>
  clerk.signIn({ page, signInParams: { strategy: 'ticket', ticket } })

/** How often bot protection has refused a sign-in until now. */
async function refusals(): Promise<number> {
  const metrics = await (await fetch(world.server.metricsUrl!)).text()
  const refused = metrics.split('\n').find((line) => /frontend\.signIn.*429/.test(line))
  return Number(refused?.split(' ').at(-1) ?? 0)
}

/** From a page without the token. The limit is one sign-in in ten seconds: a few of them meet it. */
async function tripLimit(): Promise<void> {
  const page = await openSmall()
  await openApplication(page, world.application.origin)
  for (let attempt = 0; attempt < 10; attempt++) {
    const { error } = await redeem(page, 'not-a-ticket')
    if (error?.code === 'too_many_requests') return expect(error.status).toBe(429)
  }
  throw new Error('The limit was never met.')
}

describe('@clerk/testing for Playwright', () => {
  it('signs a user in with a ticket while others are refused, and out again', async () => {
    const page = await openTested()
    const { token } = await signInTicket(world.api, userId)
    await tripLimit()
    await signIn(page, token)
    await untilState(page, 'signed-in')
    expect(await whoAsks(page, (await freshToken(page)).token)).toMatchObject({ status: 'signed-in', userId })
    await page.reload()
    await untilState(page, 'signed-in')
    await clerk.signOut({ page })
    await untilState(page, 'signed-out')
  })

  it('signs an actor in as a user', async () => {
    const page = await openTested()
    await signIn(page, (await actorTicket(world.api, userId)).token)
    await untilState(page, 'acting')
    expect(await whoAsks(page, (await freshToken(page)).token)).toMatchObject({ userId, actor: ACTOR })
  })

  it('tells the suite why a ticket does not do', async () => {
    const page = await openTested()
    const { id, token } = await signInTicket(world.api, userId)
    await world.api('POST', `/v1/sign_in_tokens/${id}/revoke`)
    await expect(signIn(page, token)).rejects.toThrow('The link was revoked by whoever made it.')
  })

  it('follows a link of the authority to where it ends', async () => {
    const page = await openSmall()
    await setupClerkTestingToken({ page })
    // It expects JSON of every answer, and says with the whole address, ticket and all, that this one is a page.
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    await page.goto((await actorTicket(world.api, userId)).url)
    await untilState(page, 'acting')
    warn.mockRestore()
    expect(await page.getByRole('heading').innerText()).toBe('Acting as Ada Lovelace')
  })

  it('signs fifty browsers in at once, and none is refused', { timeout: 15 * 60_000 }, async () => {
    const before = await refusals()
    const pages: Page[] = []
    // Few at a time, since each is a process; then all at once.
    while (pages.length < 50) pages.push(...(await Promise.all(Array.from({ length: 5 }, openTested))))
    const tickets = await Promise.all(pages.map(() => signInTicket(world.api, userId)))
    await Promise.all(pages.map((page, place) => signIn(page, tickets[place]!.token)))
    await Promise.all(pages.map((page) => untilState(page, 'signed-in')))
    expect(await refusals()).toBe(before)
    await world.closePages()
    await tripLimit()
    expect(await refusals()).toBeGreaterThan(before)
  })
})
