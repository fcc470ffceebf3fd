/** Everybody can use the page at which a link ends: with a screen reader, a keyboard, or a phone. */
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { actorTicket, createUser, signInTicket, untilState } from './clerk-page.ts'
import { startWorld, type World } from './world.ts'

let world: World
let userId: string

beforeAll(async () => {
  world = await startWorld({ leadsOn: true })
  userId = await createUser(world.api)
})

afterAll(() => world.close())

const signIns = '**/v1/client/sign_ins*'
const act = () => actorTicket(world.api, userId, { permissions: ['read', 'invoices:write'] })

async function open(page: Page, url: string, state: string): Promise<void> {
  await page.goto(url)
  await untilState(page, state)
}

/** Every state of the page, and how to get there. */
const STATES: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  waiting: async (page) => {
    await page.route(signIns, () => {})
    await page.goto((await act()).url)
    await page.waitForFunction(() => window.Clerk?.loaded)
  },
  acting: async (page) => open(page, (await act()).url, 'acting'),
  'signed in': async (page) => open(page, (await signInTicket(world.api, userId)).url, 'signed-in'),
  'signed out': (page) => open(page, `${world.frontendUrl}/sign-in`, 'over'),
  ended: async (page) => {
    await open(page, (await act()).url, 'acting')
    await page.getByRole('button').click()
    await untilState(page, 'over')
  },
  'a link that is damaged': (page) => open(page, `${world.frontendUrl}/sign-in?__clerk_ticket=x`, 'failed'),
  'a link that is in the way of another': async (page) => {
    await open(page, (await act()).url, 'acting')
    await open(page, (await act()).url, 'failed')
  },
  'a link that can be tried again': async (page) => {
    await page.route(signIns, (route) => route.abort())
    await open(page, (await act()).url, 'failed')
  },
}

const DESKTOP = { width: 1280, height: 720 }
const PHONE = { width: 360, height: 740 }

/** A finger needs that much (WCAG 2.2, "Target Size (Enhanced)"), in CSS pixels. */
const LEAST_TARGET = 44

describe.each(Object.keys(STATES))('the page: %s', (name) => {
  let page: Page

  beforeAll(async () => {
    page = await world.openPage()
    await page.setViewportSize(DESKTOP)
    await STATES[name]!(page)
  })

  afterAll(() => world.closePages())

  it('violates no rule of accessibility, in light and in dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const { violations, incomplete } = await new AxeBuilder({ page }).analyze()
      const found = [...violations, ...incomplete].map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])
      expect([colorScheme, found]).toEqual([colorScheme, []])
    }
  })

  it('fits on a phone, and a finger hits what can be pressed', async () => {
    await page.setViewportSize(PHONE)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(PHONE.width)
    for (const target of await page.locator('a, button').all()) {
      const { width, height } = (await target.boundingBox())!
      expect(Math.min(width, height)).toBeGreaterThanOrEqual(LEAST_TARGET)
    }
  })
})

describe('with a keyboard alone', () => {
  const pressed = (page: Page) => page.evaluate(() => document.activeElement?.textContent ?? '')

  it('one gets from the link to its end, and sees where one is', async () => {
    const page = await world.openPage()
    await STATES.acting!(page)
    await page.keyboard.press('Tab')
    expect(await pressed(page)).toBe('Continue to dev')
    await page.keyboard.press('Tab')
    expect(await pressed(page)).toBe('End impersonation')
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineWidth)
    expect(parseInt(outline, 10)).toBeGreaterThanOrEqual(2)
    await page.keyboard.press('Enter')
    await untilState(page, 'over')
  })

  it('one is told of what has changed, and goes on from there', async () => {
    const page = await world.openPage()
    await STATES['a link that is in the way of another']!(page)
    const focused = await page.evaluate(() => {
      const { id, attributes } = document.activeElement!
      const textOf = (name: string) =>
        document.getElementById(attributes.getNamedItem(name)!.value)!.textContent
      return { id, label: textOf('aria-labelledby'), description: textOf('aria-describedby') }
    })
    expect(focused).toEqual({
      id: 'view',
      label: 'This did not work',
      description: 'You act as a user already, and nobody acts as two.',
    })
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await untilState(page, 'acting')
    await page.keyboard.press('Tab')
    expect(await pressed(page)).toBe('Continue to dev')
  })
})

describe('on a narrow screen with large text', () => {
  // WCAG 2.2, "Reflow": 320 pixels are what is left of 1280 at a zoom of 400 %.
  it('nothing is cut off, however long a name is', async () => {
    const long = await createUser(world.api, 'Wolfeschlegelsteinhausenbergerdorff'.repeat(3))
    const page = await world.openPage({ viewport: { width: 320, height: 256 } })
    const actor = { sub: `support:${'x'.repeat(200)}` }
    await open(page, (await actorTicket(world.api, long, { actor })).url, 'acting')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320)
  })
})
