/** A browser context as Playwright documents it: routes that are asked last first, and cookies by host. */
import type { PlaywrightContext, PlaywrightCookie, PlaywrightRoute } from '@mintmark/sdk/playwright'

export interface Visit {
  /** The page that asks; none for a navigation. */
  readonly from?: string
}

export interface FakeContext extends PlaywrightContext {
  readonly cookies: PlaywrightCookie[]
  /** What would be sent for a request, after every route has seen it. */
  request(url: string, visit?: Visit): Promise<{ url: string; cookie: string | null }>
}

interface Registered {
  readonly matches: (url: URL) => boolean
  readonly handler: (route: PlaywrightRoute) => Promise<void>
}

export function fakeContext(): FakeContext {
  const routes: Registered[] = []
  const cookies: PlaywrightCookie[] = []

  /** The route that was added last is asked first, about the request as the page made it. */
  async function pass(
    from: readonly Registered[],
    original: string,
    url: string,
    visit: Visit,
  ): Promise<string> {
    const at = from.findLastIndex(({ matches }) => matches(new URL(original)))
    if (at === -1) return url
    let sent = ''
    const origin = visit.from && new URL(visit.from).origin
    const isOther = origin !== undefined && origin !== new URL(original).origin
    await from[at]!.handler({
      request: () => ({
        url: () => url,
        headers: () => (isOther ? { origin } : {}),
        isNavigationRequest: () => visit.from === undefined,
      }),
      fallback: async (changes) => {
        sent = await pass(from.slice(0, at), original, changes?.url ?? url, visit)
      },
    })
    return sent
  }

  return {
    cookies,
    async route(matches, handler) {
      routes.push({ matches, handler })
    },
    async addCookies(added) {
      for (const cookie of added) {
        const at = cookies.findIndex(({ url }) => new URL(url).hostname === new URL(cookie.url).hostname)
        cookies.splice(at === -1 ? cookies.length : at, 1, cookie)
      }
    },
    async request(given, visit = {}) {
      const url = await pass(routes, given, given, visit)
      // Browsers do not look at the port, and send none with a request to another origin.
      const isOwn = !visit.from || new URL(visit.from).origin === new URL(url).origin
      const cookie = cookies.find((each) => isOwn && new URL(each.url).hostname === new URL(url).hostname)
      return { url, cookie: cookie?.value ?? null }
    },
  }
}
