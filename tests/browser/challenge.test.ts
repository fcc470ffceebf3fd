/** A challenge before each sign-in, of a service with Turnstile's interface that stands beside the server. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { actorTicket, createUser, openApplication, redeem, untilState } from './clerk-page.ts'
import { startWorld, type World } from './world.ts'

const SECRET = 'the secret of the challenge'

/** As a page runs it: whoever is asked presses a button. */
const SCRIPT = `window.turnstile = {
  render(place, { sitekey, callback }) {
    const button = document.createElement('button')
    button.textContent = 'I am a person'
    button.addEventListener('click', () => callback('answer for ' + sitekey))
    place.append(button)
  },
}`

interface Service {
  readonly origin: string
  /** What the server has asked, form by form. */
  readonly asked: Readonly<Record<string, string>>[]
  /** How it answers. */
  answer: { readonly status: number; readonly success: boolean }
  close(): Promise<void>
}

async function startService(): Promise<Service> {
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    request.once('end', () => {
      if (request.url === '/api.js') {
        response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(SCRIPT)
        return
      }
      service.asked.push(Object.fromEntries(new URLSearchParams(text)))
      const { status, success } = service.answer
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify({ success }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const service: Service = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    answer: { status: 200, success: true },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  return service
}

let service: Service
let world: World
let userId: string

beforeAll(async () => {
  service = await startService()
  world = await startWorld({
    environment: {
      MINTMARK_CHALLENGE_VERIFY_URL: `${service.origin}/siteverify`,
      MINTMARK_CHALLENGE_SECRET: SECRET,
      MINTMARK_CHALLENGE_SITE_KEY: 'site',
      MINTMARK_CHALLENGE_SCRIPT: `${service.origin}/api.js`,
    },
  })
  userId = await createUser(world.api)
})

afterEach(async () => {
  service.asked.length = 0
  service.answer = { status: 200, success: true }
  await world.closePages()
})

afterAll(async () => {
  await world.close()
  await service.close()
})

/** Follows a link until the challenge is shown. */
async function follow(): Promise<Awaited<ReturnType<World['openPage']>>> {
  const page = await world.openPage()
  await page.goto((await actorTicket(world.api, userId)).url)
  await page.getByRole('button', { name: 'I am a person' }).waitFor()
  return page
}

describe('a challenge', () => {
  it('is shown by the page of the authority, which redeems the ticket with its answer', async () => {
    const page = await follow()
    expect(service.asked).toEqual([])
    await page.getByRole('button', { name: 'I am a person' }).click()
    await untilState(page, 'acting')
    expect(service.asked).toEqual([{ secret: SECRET, response: 'answer for site', remoteip: '127.0.0.1' }])
    expect(await page.getByRole('button', { name: 'I am a person' }).count()).toBe(0)
  })

  it('that was not met keeps the ticket, so that it can be tried again', async () => {
    service.answer = { status: 200, success: false }
    const page = await follow()
    await page.getByRole('button', { name: 'I am a person' }).click()
    await untilState(page, 'failed')
    expect(await page.locator('.code').innerText()).toBe('captcha_invalid')
    service.answer = { status: 200, success: true }
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('button', { name: 'I am a person' }).click()
    await untilState(page, 'acting')
  })

  it('lets nobody in when its service does not answer', async () => {
    service.answer = { status: 500, success: true }
    const page = await follow()
    await page.getByRole('button', { name: 'I am a person' }).click()
    await untilState(page, 'failed')
    expect(await page.locator('.code').innerText()).toBe('service_unavailable')
    expect(await page.getByRole('button', { name: 'Try again' }).isVisible()).toBe(true)
  })

  it('stands before pages of applications too', async () => {
    const page = await world.openPage()
    await openApplication(page, world.application.origin)
    const { token } = await actorTicket(world.api, userId)
    const missing = { sessionId: null, error: { status: 400, code: 'captcha_missing_token' } }
    expect(await redeem(page, token)).toEqual(missing)
    const status = await page.evaluate(async (ticket) => {
      const attempt = { strategy: 'ticket', ticket, captchaToken: 'solved' }
      return (await window.Clerk.client!.signIn.create(attempt as never)).status
    }, token)
    expect(status).toBe('complete')
    expect(service.asked.map(({ response }) => response)).toEqual(['solved'])
  })

  it('is not asked of who has a testing token', async () => {
    const page = await world.openPage()
    const testing: string = (await world.api('POST', '/v1/testing_tokens')).body.token
    await page.route('**/v1/client/sign_ins?*', (route) =>
      route.continue({ url: `${route.request().url()}&__clerk_testing_token=${testing}` }),
    )
    await openApplication(page, world.application.origin)
    expect(await redeem(page, (await actorTicket(world.api, userId)).token)).toMatchObject({ error: null })
    expect(service.asked).toEqual([])
  })
})
