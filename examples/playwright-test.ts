/**
 * An end-to-end test that gets past the bot check of `bot-check.ts` because it has a testing token, and not
 * because there is no check.
 *
 *   npx node --env-file=.env examples/playwright-test.ts http://127.0.0.1:4301
 */
import { Mintmark } from '@mintmark/sdk'
import { attachTestingToken } from '@mintmark/sdk/playwright'
import { chromium } from 'playwright-core'

const [app = 'http://127.0.0.1:4301'] = process.argv.slice(2)
const client = new Mintmark({ serverURL: process.env['CLERK_API_URL'] })

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
try {
  const stranger = await browser.newContext()
  console.log('without a token:', await headline(await stranger.newPage()))

  const tester = await browser.newContext()
  await attachTestingToken(tester, { client, app: [app] })
  console.log('with a token:', await headline(await tester.newPage()))
} finally {
  await browser.close()
}

async function headline(page: Awaited<ReturnType<typeof browser.newPage>>): Promise<string | null> {
  await page.goto(app)
  return page.textContent('h1')
}
