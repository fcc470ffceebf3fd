/** What the tests of this folder have: a server process with a frontend, an application beside it, and a Chromium. */
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { findChromium } from '../sdk/runtimes/install.ts'
import { removeFolder, runCli, startDev, type ServerProcess } from '../support/server-process.ts'
import { startApplication, type Application } from './application.ts'
import { untilFrontend } from './frontend-request.ts'

export interface Answer {
  readonly status: number
  // oxlint-disable-next-line typescript/no-explicit-any -- looked into as clients do, without a type
  readonly body: any
}

/** The Backend API of a server, asked with an instance's key. */
export type Api = (method: string, path: string, body?: object) => Promise<Answer>

export interface World {
  readonly server: ServerProcess
  readonly frontendUrl: string
  readonly api: Api
  readonly application: Application
  readonly browser: Browser
  /**
   * A page in a browser of its own: no cookie of another is there. Without options, it may be one that a test before
   * has given back.
   */
  openPage(options?: BrowserContextOptions): Promise<Page>
  /** Ends all that was opened: a test leaves nothing that costs the next one. */
  closePages(): Promise<void>
  close(): Promise<void>
}

export interface WorldOptions {
  readonly flags?: readonly string[]
  readonly environment?: Record<string, string>
  /** Links end on the application's page and not on the authority's own. */
  readonly linksEndInApplication?: boolean
  /** The authority's own page leads on to the application. */
  readonly leadsOn?: boolean
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const { flags = ['--sign-in-limit', '0'], environment = {} } = options
  const server = await startDev({
    flags: ['--frontend-port', '0', ...flags],
    environment: { MINTMARK_ACCEPT_UNKNOWN_USERS: 'false', ...environment },
  })
  const { CLERK_SECRET_KEY: secretKey, CLERK_PUBLISHABLE_KEY: publishableKey } = server.env
  const frontendUrl = server.frontendUrl!
  const application = await startApplication({
    apiUrl: server.url,
    secretKey: secretKey!,
    publishableKey: publishableKey!,
    frontendUrl,
    host: new URL(frontendUrl).hostname === '127.0.0.1' ? '127.0.0.1' : 'localhost',
  })
  const { origin } = application
  await updateInstance(server.data, [
    '--allowed-origin',
    origin,
    ...(options.linksEndInApplication === true ? ['--sign-in-url', origin] : []),
    ...(options.leadsOn === true ? ['--home-url', origin] : []),
  ])
  await untilFrontend(frontendUrl, origin)
  const browser = await launch()
  return {
    server,
    frontendUrl,
    api: apiOf(server.url, secretKey!),
    application,
    browser,
    ...pagesOf(browser),
    async close() {
      await browser.close()
      await application.close()
      await server.stop()
      removeFolder(server.data)
    },
  }
}

/**
 * As an operator does, beside the running server.
 *
 * @param flags of `mintmark instances update`
 * @param environment of the server, if it has its master key from there
 */
export async function updateInstance(
  data: string,
  flags: readonly string[],
  environment: Record<string, string> = {},
): Promise<void> {
  const { code, stderr } = await runCli(['instances', 'update', '--data', data, ...flags], environment)
  if (code !== 0) throw new Error(stderr)
}

/** @param args more flags of Chromium's */
export const launch = (args: readonly string[] = []): Promise<Browser> =>
  // As root it has no sandbox; it sees nothing but the servers of these tests.
  chromium.launch({
    executablePath: findChromium(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', ...args],
  })

/** The machine may be slow and shared: it only ends what hangs. */
const LONGEST_MS = 120_000

/** Pages of a browser. No browser trusts the certificate that `dev` makes until it is told to. */
export function pagesOf(browser: Browser): Pick<World, 'openPage' | 'closePages'> {
  const lent: Page[] = []
  const idle: Page[] = []

  async function open(options: BrowserContextOptions): Promise<Page> {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options })
    context.setDefaultTimeout(LONGEST_MS)
    return context.newPage()
  }

  /** What is left is what it has compiled, which costs most of opening a page. */
  async function forget(page: Page): Promise<void> {
    page.removeAllListeners()
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await page.goto('about:blank')
    await page.context().clearCookies()
  }

  return {
    async openPage(options) {
      if (options !== undefined) return open(options)
      const page = idle.pop() ?? (await open({}))
      lent.push(page)
      return page
    },
    async closePages() {
      const returned = lent.splice(0)
      const kept = new Set(returned.map((page) => page.context()))
      const others = browser.contexts().filter((context) => !kept.has(context))
      const ended = others.filter((context) => !idle.some((page) => page.context() === context))
      await Promise.all([...returned.map(forget), ...ended.map((context) => context.close())])
      idle.push(...returned)
    },
  }
}

export const apiOf =
  (url: string, key: string): Api =>
  async (method, path, body) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: await response.json() }
  }
