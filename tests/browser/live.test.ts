/** A live instance beside its application: one site, so that cookies alone tell the application's server who asks. */
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ACTOR, actorTicket, createUser, signInTicket, untilState, whoAsks } from './clerk-page.ts'
import { startLiveWorld } from './live-world.ts'
import type { World } from './world.ts'

let world: World
let userId: string

beforeAll(async () => {
  world = await startLiveWorld()
  userId = await createUser(world.api)
})

afterEach(() => world.closePages())
afterAll(() => world.close())

/** From the link to the authority's page, and on to the application. */
async function follow(url: string, state: 'acting' | 'signed-in'): Promise<Page> {
  const page = await world.openPage()
  await page.goto(url)
  await untilState(page, state)
  await page.getByRole('link', { name: 'Continue to Orchard' }).click()
  await page.waitForURL(`${world.application.origin}/`)
  await untilState(page, state)
  return page
}

/** Cookies by name, without the copies whose names end in what tells instances of one host from each other. */
async function cookiesOf(context: BrowserContext) {
  const cookies = await context.cookies()
  return Object.fromEntries(
    cookies.filter(({ name }) => /^__[a-z_]+$/.test(name)).map((cookie) => [cookie.name, cookie]),
  )
}

describe('a live instance', () => {
  it('takes an actor from the link to the application, whose server knows by cookies who acts', async () => {
    const page = await follow((await actorTicket(world.api, userId)).url, 'acting')
    expect(await page.locator('#banner').innerText()).toContain('support:grace acts as Ada Lovelace.')
    const sessionId = await page.evaluate(() => window.Clerk.session!.id)
    expect(await whoAsks(page, null)).toEqual({ status: 'signed-in', userId, sessionId, actor: ACTOR })
  })

  it('keeps what says which browser it is to itself, out of reach of scripts', async () => {
    const page = await follow((await signInTicket(world.api, userId)).url, 'signed-in')
    const { __client, __client_uat, __refresh, __session } = await cookiesOf(page.context())
    const kept = { httpOnly: true, secure: true, sameSite: 'Lax' }
    expect(__client).toMatchObject({ ...kept, domain: new URL(world.frontendUrl).hostname })
    expect(__refresh).toMatchObject({ ...kept, domain: '.orchard.test' })
    expect(__client_uat).toMatchObject({ secure: true, sameSite: 'Lax', domain: '.orchard.test' })
    expect(__session).toMatchObject({ secure: true, domain: new URL(world.application.origin).hostname })
    const seen = await page.evaluate(() => document.cookie)
    expect(seen).not.toContain(__client!.value)
    expect(seen).not.toContain(__refresh!.value)
  })

  it("gives the application's server a token by a handshake when it has none, also without scripts", async () => {
    const page = await follow((await actorTicket(world.api, userId)).url, 'acting')
    const { cookies } = await page.context().storageState()
    const others = cookies.filter(({ name }) => !name.startsWith('__session'))
    const silent = await world.openPage({
      javaScriptEnabled: false,
      storageState: { cookies: others, origins: [] },
    })
    const visited: string[] = []
    silent.on('request', (request) => visited.push(new URL(request.url()).host))
    await silent.goto(world.application.origin)
    expect(visited).toContain(new URL(world.frontendUrl).host)
    expect(silent.url()).toBe(`${world.application.origin}/`)
    await silent.goto(`${world.application.origin}/whoami`)
    expect(JSON.parse(await silent.locator('body').innerText())).toMatchObject({
      status: 'signed-in',
      userId,
      actor: ACTOR,
    })
  })

  it("signs out, and the application's server knows at once, without a handshake", async () => {
    const page = await follow((await signInTicket(world.api, userId)).url, 'signed-in')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await untilState(page, 'signed-out')
    expect(await whoAsks(page, null)).toMatchObject({ status: 'signed-out' })
    expect((await cookiesOf(page.context())).__client_uat!.value).toBe('0')
    const visited: string[] = []
    page.on('request', (request) => {
      if (request.isNavigationRequest()) visited.push(request.url())
    })
    await page.reload()
    expect(visited).toEqual([`${world.application.origin}/`])
  })
})
