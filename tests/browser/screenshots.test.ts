/**
 * The pictures of `docs/guides/impersonation.md`, made of what they show. `TEST_SCREENSHOTS=docs npm test --
 * tests/browser/screenshots.test.ts` writes them where the guide has them; else they go to a folder that is removed.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder, temporaryFolder } from '../support/server-process.ts'
import { actorTicket, createUser, untilState } from './clerk-page.ts'
import { startLiveWorld } from './live-world.ts'
import type { World } from './world.ts'

const IMAGES = fileURLToPath(new URL('../../docs/guides/images/', import.meta.url))
const GUIDE = new URL('../../docs/guides/impersonation.md', import.meta.url)

/** A guide is read in a browser too, and not everybody's line is fast. */
const LARGEST_BYTES = 60_000

let world: World
let folder: string

beforeAll(async () => {
  folder = process.env.TEST_SCREENSHOTS === 'docs' ? IMAGES : temporaryFolder()
  mkdirSync(folder, { recursive: true })
  world = await startLiveWorld()
})

afterEach(() => world.closePages())
afterAll(async () => {
  await world.close()
  if (folder !== IMAGES) removeFolder(folder)
})

async function act(options: BrowserContextOptions): Promise<Page> {
  const userId = await createUser(world.api)
  const { url } = await actorTicket(world.api, userId, { permissions: ['read'] })
  const page = await world.openPage({ locale: 'en-GB', colorScheme: 'light', ...options })
  await page.goto(url)
  await untilState(page, 'acting')
  return page
}

async function expectPicture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(folder, name), animations: 'disabled' })
  for (const place of [folder, IMAGES]) {
    const bytes = readFileSync(join(place, name))
    expect(bytes.subarray(1, 4).toString()).toBe('PNG')
    expect(bytes.length).toBeGreaterThan(5_000)
    expect(bytes.length).toBeLessThan(LARGEST_BYTES)
  }
}

describe('the guide to impersonation', () => {
  it('shows the page at the end of a link', async () => {
    const page = await act({ viewport: { width: 880, height: 660 } })
    await expectPicture(page, 'sign-in-page.png')
  })

  it('shows it on a phone', async () => {
    const page = await act({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true })
    await expectPicture(page, 'sign-in-page-phone.png')
  })

  it('shows an application in which an actor acts', async () => {
    const page = await act({ viewport: { width: 880, height: 420 } })
    await page.getByRole('link', { name: 'Continue to Orchard' }).click()
    await page.waitForURL(`${world.application.origin}/`)
    await untilState(page, 'acting')
    await expectPicture(page, 'application.png')
  })

  it('shows no picture that is not made here', () => {
    const shown = [...readFileSync(GUIDE, 'utf8').matchAll(/\(images\/([^)]*)\)/g)].map(([, name]) => name)
    expect(shown).not.toEqual([])
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(shown))
  })
})
