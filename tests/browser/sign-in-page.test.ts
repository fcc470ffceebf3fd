/** The page of the authority itself, at which a link ends. */
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { actorTicket, createUser, freshToken, payloadOf, signInTicket, untilState } from './clerk-page.ts'
import { askFrontend } from './frontend-request.ts'
import { startWorld, type World } from './world.ts'

let world: World
let userId: string

beforeAll(async () => {
  world = await startWorld({ leadsOn: true })
  userId = await createUser(world.api)
})

afterEach(() => world.closePages())
afterAll(() => world.close())

/** Opens a link in a browser of its own. @returns the page when it has come to that end */
async function open(url: string, state: string, page?: Page): Promise<Page> {
  const opened = page ?? (await world.openPage())
  await opened.goto(url)
  await untilState(opened, state)
  return opened
}

const summaryOf = (page: Page) => page.locator('#summary').innerText()
const click = (page: Page, name: string) => page.getByRole('button', { name }).click()
const statusOf = async (path: string) => (await world.api('GET', path)).body.status

describe('a link to act as a user', () => {
  it('leads to a page that says who acts as whom, and until when', async () => {
    const { url } = await actorTicket(world.api, userId, { permissions: ['read', 'comment'] })
    const page = await open(url, 'acting')
    expect(await page.getByRole('heading').innerText()).toBe('Acting as Ada Lovelace')
    const details = await page.locator('dl > div').allInnerTexts()
    const expiresAt = await page.evaluate(() => window.Clerk.session!.expireAt.getTime())
    expect(details.map((row) => row.split('\n'))).toEqual([
      ['You are', 'support:grace'],
      ['User', userId],
      ['Ends at', expect.stringMatching(/\d\d:\d\d/)],
      ['You may', 'read, comment'],
    ])
    expect(Math.abs(expiresAt - Date.now() - 30 * 60_000)).toBeLessThan(5 * 60_000)
    expect(await page.title()).toBe('Acting as Ada Lovelace · dev')
  })

  it('leaves no ticket in the address, in the history, or with where the page leads on to', async () => {
    const { url, token } = await actorTicket(world.api, userId)
    const page = await open(url, 'acting')
    expect(page.url()).toBe(`${world.frontendUrl}/sign-in`)
    await page.getByRole('link', { name: 'Continue to dev' }).click()
    await page.waitForURL(`${world.application.origin}/`)
    expect(await page.evaluate(() => document.referrer)).not.toContain(token)
    await page.goBack()
    expect(page.url()).toBe(`${world.frontendUrl}/sign-in`)
    const cookies = await page.context().cookies()
    expect(JSON.stringify(cookies)).not.toContain(token)
  })

  it('asks nobody but the authority, and does nothing that it forbids itself', async () => {
    const page = await world.openPage()
    const [origins, complaints]: [Set<string>, string[]] = [new Set(), []]
    page.on('request', (request) => origins.add(new URL(request.url()).origin))
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    await open((await actorTicket(world.api, userId)).url, 'acting', page)
    await click(page, 'End impersonation')
    await untilState(page, 'over')
    expect(complaints).toEqual([])
    expect([...origins]).toEqual([world.frontendUrl])
  })

  it('ends by the button of that page', async () => {
    const ticket = await actorTicket(world.api, userId)
    const page = await open(ticket.url, 'acting')
    await click(page, 'End impersonation')
    await untilState(page, 'over')
    expect(await page.getByRole('heading').innerText()).toBe('It has ended')
    const { session } = (await world.api('GET', `/v1/actor_tokens/${ticket.id}`)).body
    expect(session.status).toBe('ended')
    await page.reload()
    await untilState(page, 'over')
    expect(await page.getByRole('heading').innerText()).toBe('You are signed out')
  })

  it('says so when it is ended from elsewhere', async () => {
    const ticket = await actorTicket(world.api, userId)
    const page = await open(ticket.url, 'acting')
    expect(payloadOf((await freshToken(page)).token!).act).toEqual({ sub: 'support:grace' })
    await world.api('POST', `/v1/actor_tokens/${ticket.id}/end`, {})
    await freshToken(page)
    await untilState(page, 'over')
    expect(await page.getByRole('heading').innerText()).toBe('It has ended')
  })

  it('shows the session again after a reload', async () => {
    const page = await open((await actorTicket(world.api, userId)).url, 'acting')
    await page.reload()
    await untilState(page, 'acting')
    expect(await page.getByRole('heading').innerText()).toBe('Acting as Ada Lovelace')
  })

  it('is still good after it was previewed, as mail programs do', async () => {
    const { id, url } = await actorTicket(world.api, userId)
    const { pathname, search } = new URL(url)
    for (let preview = 0; preview < 3; preview++) {
      const { status, headers } = await askFrontend(world.frontendUrl, pathname + search, { origin: null })
      expect(status).toBe(303)
      const page = new URL(String(headers.location))
      const shown = await askFrontend(world.frontendUrl, page.pathname + page.search, { origin: null })
      expect(shown.status).toBe(200)
      expect(shown.headers['referrer-policy']).toBe('no-referrer')
    }
    expect(await statusOf(`/v1/actor_tokens/${id}`)).toBe('pending')
    await open(url, 'acting')
  })
})

describe('a link that does not do', () => {
  it.each([
    ['was used', 'actor_token_already_used_code', 'The link was used already. Each is for one use.'],
    ['was revoked', 'actor_token_revoked_code', 'The link was revoked.'],
    ['is too old', 'ticket_expired_code', 'The link is too old. Ask for another.'],
    [
      'is of a user who is gone',
      'actor_token_subject_not_found',
      'The user whom it is for is not there any more.',
    ],
    ['is damaged', 'ticket_invalid_code', 'The link is damaged, or is for another place.'],
  ])('says that it %s', async (how, code, sentence) => {
    const subject = await createUser(world.api, 'Byron')
    const { id, token } = await actorTicket(world.api, subject, {
      expires_in_seconds: how === 'is too old' ? 1 : 60,
    })
    const link = (ticket: string) => `${world.frontendUrl}/sign-in?__clerk_ticket=${ticket}`
    if (how === 'was used') await open(link(token), 'acting')
    if (how === 'was revoked') await world.api('POST', `/v1/actor_tokens/${id}/revoke`)
    if (how === 'is too old') await new Promise((resolve) => setTimeout(resolve, 1_100))
    if (how === 'is of a user who is gone') await world.api('DELETE', `/v1/users/${subject}`)
    const page = await open(link(how === 'is damaged' ? token.slice(0, -4) : token), 'failed')
    expect(await page.getByRole('heading').innerText()).toBe('This did not work')
    expect(await summaryOf(page)).toBe(sentence)
    expect(await page.locator('.code').innerText()).toBe(code)
    expect(page.url()).toBe(`${world.frontendUrl}/sign-in`)
    expect(await page.getByRole('button').count()).toBe(0)
  })

  it('is good again once what is in its way has ended, at a click', async () => {
    const first = await actorTicket(world.api, userId)
    const page = await open(first.url, 'acting')
    const second = await actorTicket(world.api, await createUser(world.api, 'Byron'))
    await open(second.url, 'failed', page)
    expect(await summaryOf(page)).toBe('You act as a user already, and nobody acts as two.')
    await click(page, 'Stay as Ada Lovelace')
    await untilState(page, 'acting')
    await open(second.url, 'failed', page)
    await click(page, 'End it, and open the link')
    await untilState(page, 'acting')
    expect(await page.getByRole('heading').innerText()).toBe('Acting as Ada Byron')
    const { session } = (await world.api('GET', `/v1/actor_tokens/${first.id}`)).body
    expect(session.status).toBe('ended')
  })

  it('can be tried again where nobody could be asked', async () => {
    const page = await world.openPage()
    await page.route('**/v1/client/sign_ins*', (route) => route.abort())
    await open((await actorTicket(world.api, userId)).url, 'failed', page)
    expect(await summaryOf(page)).toBe('Something went wrong. Try again in a while.')
    await page.unroute('**/v1/client/sign_ins*')
    await click(page, 'Try again')
    await untilState(page, 'acting')
  })
})

describe('a link to sign in', () => {
  it('leads to a page that says who is signed in, and signs out', async () => {
    const { url } = await signInTicket(world.api, userId)
    const page = await open(url, 'signed-in')
    expect(await page.getByRole('heading').innerText()).toBe('Hello, Ada Lovelace')
    await click(page, 'Sign out')
    await untilState(page, 'over')
  })

  it('signs out whoever is there only when it is told to', async () => {
    const page = await open((await signInTicket(world.api, userId)).url, 'signed-in')
    const { url } = await signInTicket(world.api, await createUser(world.api, 'Byron'))
    await open(url, 'failed', page)
    expect(await summaryOf(page)).toBe('Somebody is signed in at this browser already.')
    await click(page, 'Sign out, and open the link')
    await untilState(page, 'signed-in')
    expect(await page.getByRole('heading').innerText()).toBe('Hello, Ada Byron')
  })
})
