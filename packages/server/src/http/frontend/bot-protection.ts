/**
 * What keeps bots from trying tickets: a limit on how often an address may sign in, and a challenge that a service
 * such as Turnstile verifies. A testing token lifts both.
 */
import { isIP } from 'node:net'
import { AuthorityError, unavailable, type ErrorCode } from '../../core/errors.ts'
import type { InstanceId } from '../../core/ids.ts'
import type { Clock } from '../../core/time.ts'
import type { InactiveReason, Verdict } from '../../core/verdict.ts'
import { createRateLimiter } from '../rate-limit.ts'

export interface ChallengeOptions {
  readonly verifyUrl: string
  readonly secret: string
}

export interface BotProtectionOptions {
  readonly clock: Clock
  /** Sign-ins of one address in ten seconds; 0 for no limit. */
  readonly signInLimit: number
  readonly challenge: ChallengeOptions | null
  readonly verifyTestingToken: (instanceId: InstanceId, presented: string) => Promise<Verdict<unknown>>
}

export interface SignInAttempt {
  readonly instanceId: InstanceId
  readonly address: string | null
  readonly testingToken: string | undefined
  /** The answer to the challenge. */
  readonly challengeAnswer: string | undefined
}

export type BotProtection = (attempt: SignInAttempt) => Promise<void>

/**
 * @returns a function that throws `testing_token_…` for a testing token that is not good, `too_many_requests`,
 *   `captcha_missing_token`, `captcha_invalid`, or `service_unavailable` if the challenge cannot be verified
 */
export function createBotProtection(options: BotProtectionOptions): BotProtection {
  const limitKey = createRateLimiter(options.signInLimit, options.clock)
  const limit = (address: string | null) => limitKey(networkOf(address))
  return async ({ instanceId, address, testingToken, challengeAnswer }) => {
    if (testingToken !== undefined) {
      const verdict = await options.verifyTestingToken(instanceId, testingToken)
      if (verdict.active) return
      // Nobody guesses one, and it is told without a look-up. A suite whose token is over is to see that, not a 429.
      throw new AuthorityError(TESTING_TOKEN_REFUSALS[verdict.reason] ?? 'testing_token_invalid', {
        reason: verdict.reason,
      })
    }
    limit(address)
    if (options.challenge !== null) await requireAnswer(options.challenge, challengeAnswer, address)
  }
}

/** Whoever has one IPv6 address has 2^64 of them: they count as one. */
export function networkOf(address: string | null): string {
  const v4 = /(?:^|^::ffff:)(\d+\.\d+\.\d+\.\d+)$/i.exec(address ?? '')?.[1]
  if (address === null || v4 !== undefined || isIP(address) !== 6) return v4 ?? ''
  const [head = '', tail] = address.split('%')[0]!.split('::')
  const groups = head === '' ? [] : head.split(':')
  const rest = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros =
    tail === undefined ? [] : Array<string>(Math.max(0, 8 - groups.length - rest.length)).fill('0')
  const all = [...groups, ...zeros, ...rest].map((group) => Number.parseInt(group, 16).toString(16))
  return `${all.slice(0, 4).join(':')}::/64`
}

const TESTING_TOKEN_REFUSALS: Partial<Record<InactiveReason, ErrorCode>> = {
  expired: 'testing_token_expired',
  revoked: 'testing_token_revoked',
  used_up: 'testing_token_used_up',
}

const VERIFY_TIMEOUT_MS = 5_000

async function requireAnswer(
  { verifyUrl, secret }: ChallengeOptions,
  answer: string | undefined,
  address: string | null,
): Promise<void> {
  if (answer === undefined || answer === '') throw new AuthorityError('captcha_missing_token')
  const asked = { secret, response: answer, ...(address !== null && { remoteip: address }) }
  let verdict: { success?: unknown } | null
  try {
    const response = await fetch(verifyUrl, {
      method: 'POST',
      body: new URLSearchParams(asked),
      redirect: 'error',
      signal: AbortSignal.timeout(VERIFY_TIMEOUT_MS),
    })
    if (!response.ok) throw new Error(`The challenge was not verified: ${response.status}.`)
    verdict = (await response.json()) as { success?: unknown } | null
  } catch (error) {
    // Nobody is let in because nobody could be asked.
    throw unavailable(error)
  }
  if (verdict?.success !== true) throw new AuthorityError('captcha_invalid')
}
