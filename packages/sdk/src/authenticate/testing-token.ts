/**
 * Lets an application's own bot protection know its end-to-end tests. It stands in front of a check, in place
 * of none: who has no good testing token has to pass the check, and who has one is still nobody in particular.
 */
import type { MintmarkCore } from '../core.ts'
import { testingTokensVerify } from '../funcs/testingTokensVerify.ts'
import { saysNotActive } from '../verify/errors.ts'
import { monotonicMs } from '../verify/platform.ts'
import { keepNewest } from '../verify/memory/answer-memory.ts'
import { digestOf, hasSecretForm } from '../verify/secrets.ts'
import { cookieValues } from './cookies.ts'

/** The query parameter and cookie that Clerk's test clients use; also a header. */
export const TESTING_TOKEN = '__clerk_testing_token'
export const TESTING_TOKEN_HEADER = 'x-mintmark-testing-token'
const HEADERS = [TESTING_TOKEN_HEADER, TESTING_TOKEN]

/** What {@link testingToken} is told. */
export interface TestingTokenOptions {
  /** Has the secret key of the instance whose tests are let past. Keep it: what is remembered belongs to it. */
  readonly client: MintmarkCore
  /** How long to wait for the authority. Default 5000. */
  readonly timeoutMs?: number | undefined
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: (() => number) | undefined
  /** Milliseconds that never go back. For tests. */
  readonly clock?: (() => number) | undefined
}

/** Whether a request is let past bot protection, and why not. */
export type TestingTokenVerdict =
  | {
      readonly good: true
      /** Unix time in seconds. */
      readonly expiresAt: number
      readonly reason?: never
    }
  | {
      readonly good: false
      /** `ambiguous`: several tokens that differ. `inactive`: the authority does not say why. */
      readonly reason: 'missing' | 'ambiguous' | 'malformed' | 'inactive'
      readonly expiresAt?: never
    }

/**
 * Looks for a testing token in the query or a cookie (`__clerk_testing_token`) or a header
 * (`X-Mintmark-Testing-Token`), and asks the authority whether it is good. What it says of a token is
 * remembered for five seconds, and never past the token's end. What cannot be a token is not asked about. Of
 * a token with `maxUses`, each question is a use, and each request within five seconds of it is none.
 *
 * Put it in front of what keeps bots out, and use it for nothing else: it says that a test suite of this
 * instance sent the request, not who is signed in.
 *
 * - A CAPTCHA such as Turnstile: if the token is good, do not ask for the CAPTCHA's proof.
 * - A rate limiter: count requests with a good token apart, under a limit of their own.
 * - A firewall's rule: it cannot ask the authority, and anybody can send a parameter of this name. Let such
 *   requests through to where this function runs, and challenge there those whose token is not good.
 *
 * @throws {CallError} if the authority could not be asked. That is no reason to let the request past: the
 * usual check is.
 *
 * @example
 * ```ts
 * import { Mintmark, testingToken } from '@mintmark/sdk'
 *
 * const client = new Mintmark({ secretKey: process.env['MINTMARK_SECRET_KEY'] })
 *
 * export async function isHuman(request: Request, passesTurnstile: () => Promise<boolean>): Promise<boolean> {
 *   const { good } = await testingToken(request, { client }).catch(() => ({ good: false }))
 *   return good || passesTurnstile()
 * }
 * ```
 */
export async function testingToken(
  request: { readonly url: string; readonly headers: { get(name: string): string | null } },
  options: TestingTokenOptions,
): Promise<TestingTokenVerdict> {
  const [token, ...more] = new Set(valuesIn(request))
  if (token === undefined) return bad('missing')
  if (more.length > 0) return bad('ambiguous')
  if (!hasForm(token)) return bad('malformed')
  const { client, clock = monotonicMs, now = Date.now } = options
  const verdict = await rememberedBy(client)(await digestOf(token), clock(), () => ask(token, options))
  // Looked at each time: it may have ended since it was asked about.
  return verdict.good && verdict.expiresAt * 1000 <= now() ? bad('inactive') : verdict
}

/** The second of issue, and a secret. */
const hasForm = (token: string): boolean =>
  /^[1-9]\d{0,11}-/.test(token) && hasSecretForm('c_', token.slice(token.indexOf('-') + 1))

function valuesIn({ url, headers }: Parameters<typeof testingToken>[0]): readonly string[] {
  const query = url.includes('?') ? url.slice(url.indexOf('?') + 1).replace(/#.*/, '') : ''
  return [
    ...new URLSearchParams(query).getAll(TESTING_TOKEN),
    ...HEADERS.flatMap((name) => headers.get(name) ?? []),
    ...cookieValues(headers, TESTING_TOKEN),
  ]
}

async function ask(
  token: string,
  { client, timeoutMs = 5_000 }: TestingTokenOptions,
): Promise<TestingTokenVerdict> {
  const answer = await testingTokensVerify(client, { token }, { timeoutMs })
  if (answer.ok) return { good: true, expiresAt: answer.value.expiresAt }
  if (saysNotActive(answer.error)) return bad('inactive')
  throw answer.error
}

const bad = (reason: Exclude<TestingTokenVerdict['reason'], undefined>): TestingTokenVerdict => ({
  good: false,
  reason,
})

interface Entry {
  readonly askedAt: number
  readonly verdict: Promise<TestingTokenVerdict>
}

type Memory = (
  digest: string,
  time: number,
  ask: () => Promise<TestingTokenVerdict>,
) => Promise<TestingTokenVerdict>

const MAX_AGE_MS = 5_000
const MOST = 1_000

/** By the identity of the client and, in each, by digest: nothing here holds a token or a key. */
const memories = new WeakMap<MintmarkCore, Memory>()

function rememberedBy(client: MintmarkCore): Memory {
  const known = memories.get(client) ?? createMemory()
  memories.set(client, known)
  return known
}

function createMemory(): Memory {
  const entries = new Map<string, Entry>()
  // Apart, so that tokens which somebody makes up do not push out good ones. None of them becomes good later:
  // what is issued has an id that nobody could know before.
  const refused = new Map<string, Entry>()

  return (digest, time, asked) => {
    const known = entries.get(digest) ?? refused.get(digest)
    if (known && time - known.askedAt < MAX_AGE_MS) return known.verdict
    const entry = { askedAt: time, verdict: asked() }
    const forget = () => {
      if (entries.get(digest) === entry) entries.delete(digest)
    }
    keepNewest(entries, digest, entry, MOST)
    entry.verdict.then(({ good }) => {
      if (good) return
      forget()
      keepNewest(refused, digest, entry, MOST)
    }, forget)
    return entry.verdict
  }
}
