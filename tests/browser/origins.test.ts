/** Pages that an operator has not listed: they get nothing, and do nothing, with whatever browser. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { actorTicket, createUser, openApplication, redeem, signInTicket, untilState } from './clerk-page.ts'
import { askFrontend } from './frontend-request.ts'
import { startWorld, type World } from './world.ts'

let world: World
let userId: string

beforeAll(async () => {
  world = await startWorld()
  userId = await createUser(world.api)
})

afterEach(() => world.closePages())
afterAll(() => world.close())

/** An empty page of an origin that is not listed, with clerk-js on it. */
async function openElsewhere(page: Page): Promise<string> {
  const script = `${world.frontendUrl}/npm/@clerk/clerk-js@6/dist/clerk.browser.js`
  const key = world.server.env.CLERK_PUBLISHABLE_KEY!
  const html = `<!doctype html><script src="${script}" data-clerk-publishable-key="${key}"></script>`
  const server = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(html))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  await page.goto(origin)
  await page.waitForFunction(() => window.Clerk !== undefined)
  return origin
}

interface Init {
  readonly method?: string
  readonly mode?: 'no-cors'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** What a script of that page can do: `null` if the browser keeps the answer from it. */
const ask = (page: Page, path: string, init: Init) =>
  page.evaluate(
    async ({ url, init }) => {
      try {
        const response = await fetch(url, { credentials: 'include', ...init })
        return { type: response.type, text: await response.text() }
      } catch {
        return null
      }
    },
    { url: `${world.frontendUrl}${path}`, init },
  )

const statusOf = async (path: string) => (await world.api('GET', path)).body.status

describe('a page of an origin that is not listed', () => {
  it('cannot even load clerk-js, so that it signs nobody in', async () => {
    const page = await world.openPage()
    await openElsewhere(page)
    const loaded = await page.evaluate(async () => {
      const clerk = window.Clerk as unknown as { load(options: object): Promise<void> }
      return clerk.load({ telemetry: false }).then(
        () => window.Clerk.client?.id ?? null,
        () => 'failed',
      )
    })
    expect([null, 'failed']).toContain(loaded)
  })

  it('reads nothing of who is signed in at that browser', async () => {
    const page = await world.openPage()
    await page.goto((await actorTicket(world.api, userId)).url)
    await untilState(page, 'acting')
    await openElsewhere(page)
    expect(await ask(page, '/v1/client', {})).toBeNull()
    expect(await ask(page, '/v1/environment', {})).toBeNull()
  })

  it('uses no ticket up, also where it does not want the answer', async () => {
    const page = await world.openPage()
    await openElsewhere(page)
    const { id, token } = await actorTicket(world.api, userId)
    const body = `strategy=ticket&ticket=${token}`
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
    for (const init of [
      { headers: form },
      { mode: 'no-cors', headers: form },
      { mode: 'no-cors' },
    ] as const) {
      const answer = await ask(page, '/v1/client/sign_ins', { method: 'POST', body, ...init })
      expect(answer?.text ?? '').toBe('')
    }
    expect(await statusOf(`/v1/actor_tokens/${id}`)).toBe('pending')
  })

  it('signs nobody out', async () => {
    const page = await world.openPage()
    const ticket = await actorTicket(world.api, userId)
    await page.goto(ticket.url)
    await untilState(page, 'acting')
    await openElsewhere(page)
    const { session } = (await world.api('GET', `/v1/actor_tokens/${ticket.id}`)).body
    for (const path of ['?_method=DELETE', `/${session.id}/end`, `/${session.id}/remove`]) {
      await ask(page, `/v1/client/sessions${path}`, { method: 'POST', mode: 'no-cors', body: '' })
    }
    expect(await statusOf(`/v1/sessions/${session.id}`)).toBe('active')
  })

  it('shows nothing of it in a frame', async () => {
    const page = await world.openPage()
    await openElsewhere(page)
    const refusal = page.waitForEvent('console', (message) => /frame/i.test(message.text()))
    await page.evaluate((url) => {
      const frame = document.createElement('iframe')
      frame.src = url
      document.body.append(frame)
    }, `${world.frontendUrl}/sign-in`)
    expect((await refusal).text()).toMatch(/frame-ancestors|X-Frame-Options/i)
  })
})

describe('an origin', () => {
  it('is compared letter by letter', async () => {
    const { origin } = world.application
    const { port } = new URL(origin)
    const alike = [
      `https://localhost:${port}`,
      `http://localhost.:${port}`,
      `http://LOCALHOST:${port}`,
      `http://app.localhost:${port}`,
      `http://127.0.0.1:${port}`,
      `${origin}0`,
      `${origin}/`,
      'null',
      '',
    ]
    for (const each of alike) {
      const { status, body, headers } = await askFrontend(world.frontendUrl, '/v1/client', { origin: each })
      expect([each, status, body.errors[0].code]).toEqual([each, 403, 'origin_invalid'])
      expect(headers['access-control-allow-origin']).toBeUndefined()
    }
    const { status, headers } = await askFrontend(world.frontendUrl, '/v1/client', { origin })
    expect(status).toBe(200)
    expect(headers['access-control-allow-origin']).toBe(origin)
  })

  it('has to be named by whoever changes something', async () => {
    const { token } = await signInTicket(world.api, userId)
    const form = { strategy: 'ticket', ticket: token }
    const asked = { method: 'POST', origin: null, form }
    const { status } = await askFrontend(world.frontendUrl, '/v1/client/sign_ins', asked)
    expect(status).toBe(403)
    const page = await world.openPage()
    await openApplication(page, world.application.origin)
    expect(await redeem(page, token)).toMatchObject({ error: null })
  })
})
