/** Asks the Frontend API without a browser: as clerk-js does, or as it never would. */
import { request, type RequestOptions } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from './world.ts'

export interface FrontendRequest {
  readonly method?: string
  /** `null` for none. */
  readonly origin: string | null
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

export interface FrontendAnswer extends Answer {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** Not every machine knows that names in `.localhost` are its own. The certificate is one that nobody trusts. */
const LOOPBACK: RequestOptions = { hostname: '127.0.0.1', rejectUnauthorized: false, agent: false }

export function askFrontend(
  frontendUrl: string,
  path: string,
  { method = 'GET', origin, form, headers = {} }: FrontendRequest,
): Promise<FrontendAnswer> {
  const { host, port } = new URL(frontendUrl)
  return new Promise((resolve, reject) => {
    const asked = request({
      ...LOOPBACK,
      port,
      path,
      method,
      headers: {
        host,
        ...(origin !== null && { origin }),
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...headers,
      },
    })
    asked.once('error', reject)
    asked.once('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.once('error', reject).once('end', () => {
        const isJson = response.headers['content-type'] === 'application/json'
        const body = isJson ? JSON.parse(text) : text
        resolve({ status: response.statusCode!, headers: response.headers, body })
      })
    })
    asked.end(form === undefined ? undefined : new URLSearchParams(form).toString())
  })
}

/** It only ends what hangs. */
const LONGEST_MS = 30_000

/** Fulfilled when pages of that origin may ask: a running server reads what was changed beside it each second. */
export async function untilFrontend(frontendUrl: string, origin: string): Promise<void> {
  const deadline = Date.now() + LONGEST_MS
  while ((await askFrontend(frontendUrl, '/v1/client', { origin })).status !== 200) {
    if (Date.now() > deadline) throw new Error(`Pages of ${origin} are still not allowed.`)
    await sleep(50)
  }
}
