/** What a real Chromium sends, by real Playwright: to the origins that were named, and to others. */
import { Mintmark } from '@mintmark/sdk'
import { attachTestingToken } from '@mintmark/sdk/playwright'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { findChromium } from '../runtimes/install.ts'
import { json, scriptedFetch } from '../support.ts'

interface Site {
  readonly origin: string
  /** Of each request: its address, the token of its cookie, and how long its body was. */
  readonly seen: { readonly url: string; readonly cookie: string | null; readonly bytes: number }[]
}

let browser: Browser
beforeAll(async () => {
  // As root it has no sandbox; it sees nothing but the servers of this file.
  browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox', '--disable-gpu'] })
})
afterAll(() => browser.close())

/** `/to?<address>` redirects there; everything else is an empty page that anybody may read. */
async function serveSite(host = '127.0.0.1'): Promise<Site> {
  const seen: Site['seen'] = []
  const server = createServer((request, response) => {
    void lengthOf(request).then((bytes) => {
      const { url = '', headers } = request
      const cookie = /__clerk_testing_token=([^;]*)/.exec(headers.cookie ?? '')?.[1] ?? null
      seen.push({ url, cookie, bytes })
      const [, to] = /^\/to\?(.*)$/.exec(url) ?? []
      response.writeHead(to === undefined ? 200 : 302, {
        'Content-Type': 'text/html',
        'Access-Control-Allow-Origin': headers.origin ?? '*',
        ...(to !== undefined && { Location: to }),
      })
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin: `http://${host}:${(server.address() as AddressInfo).port}`, seen }
}

async function lengthOf(request: IncomingMessage): Promise<number> {
  let bytes = 0
  for await (const chunk of request) bytes += (chunk as Buffer).length
  return bytes
}

/** Makes `token-1` and so on, each of which lives as long as the list says. */
function clientWith(lifetimes: readonly number[]): Mintmark {
  let made = 0
  const { fetch } = scriptedFetch(() => {
    const expires_at = Math.floor(Date.now() / 1000) + lifetimes[Math.min(made, lifetimes.length - 1)]!
    return json(200, { object: 'testing_token', token: `token-${++made}`, expires_at })
  })
  return new Mintmark({ secretKey: 'sk_test_x', fetch })
}

async function openPage(target: Parameters<typeof attachTestingToken>[1]): Promise<Page> {
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  await attachTestingToken(context, target)
  return context.newPage()
}

const ask = (page: Page, url: string, body?: string) =>
  page.evaluate(
    async ([url, body]) => {
      const form = new FormData()
      form.set('file', new File([body ?? ''], 'file.txt'))
      await fetch(url!, body === undefined ? {} : { method: 'POST', body: form })
    },
    [url, body],
  )

describe('Chromium with testing tokens', () => {
  it('takes them to the Frontend API and to the application, and the page sees nothing of it', async () => {
    const [app, api, frontend] = await Promise.all([serveSite(), serveSite(), serveSite()])
    const target = {
      client: clientWith([3600]),
      frontendApis: [frontend.origin],
      app: [app.origin, api.origin],
    }
    const page = await openPage(target)
    await page.goto(`${app.origin}/page?a=b`)
    expect(page.url()).toBe(`${app.origin}/page?a=b`)
    await ask(page, `${frontend.origin}/v1/client?x=a%20b`)
    await ask(page, `${frontend.origin}/npm/clerk.js`)
    await ask(page, `${api.origin}/data`)
    await ask(page, `${app.origin}/upload`, 'x'.repeat(1_000))
    expect(frontend.seen.map(({ url }) => url)).toEqual([
      '/v1/client?x=a%20b&__clerk_testing_token=token-1',
      '/npm/clerk.js',
    ])
    expect(api.seen).toEqual([{ url: '/data?__clerk_testing_token=token-1', cookie: null, bytes: 0 }])
    expect(app.seen[0]).toEqual({ url: '/page?a=b', cookie: 'token-1', bytes: 0 })
    const upload = app.seen.find(({ url }) => url === '/upload')
    expect(upload).toMatchObject({ cookie: 'token-1' })
    expect(upload!.bytes).toBeGreaterThan(1_000)
  })

  // Stops a token from leaving with a redirect, such as that to another party's sign-in.
  it('takes them nowhere else, also when redirected', async () => {
    const [app, frontend, elsewhere] = await Promise.all([serveSite(), serveSite(), serveSite('localhost')])
    const target = { client: clientWith([3600]), frontendApis: [frontend.origin], app: [app.origin] }
    const page = await openPage(target)
    await page.goto(`${app.origin}/to?/page`)
    await ask(page, `${app.origin}/to?${elsewhere.origin}/after-redirect`)
    await ask(page, `${elsewhere.origin}/v1/client`)
    await page.goto(`${app.origin}/to?${elsewhere.origin}/page`)
    expect(app.seen.filter(({ url }) => url === '/page')).toEqual([
      { url: '/page', cookie: 'token-1', bytes: 0 },
    ])
    const others = elsewhere.seen.filter(({ url }) => url !== '/favicon.ico')
    expect(others.map(({ url, cookie }) => [url, cookie])).toEqual([
      ['/after-redirect', null],
      ['/v1/client', null],
      ['/page', null],
    ])
  })

  it('has a new one in the first request for which the old one is too old', async () => {
    const app = await serveSite()
    const page = await openPage({ client: clientWith([300, 3600]), app: [app.origin] })
    await page.goto(`${app.origin}/page`)
    expect(app.seen[0]!.cookie).toBe('token-2')
  })
})
