import type { MintmarkCore } from '../core.ts'
import { InvalidRequestError } from '../core/errors.ts'
import { sessionsVerifyToken } from '../funcs/sessionsVerifyToken.ts'
import type { Session } from '../models.ts'
import type { ActiveSessionToken } from '../verify/verdict.ts'
import { createAnswerMemory } from '../verify/memory/answer-memory.ts'
import { saysNotActive } from '../verify/errors.ts'
import { monotonicMs } from '../verify/platform.ts'
import { unavailable } from './unavailable.ts'

export interface SessionJudgeOptions {
  readonly client?: MintmarkCore | undefined
  readonly issuer?: string | undefined
  /**
   * Has session tokens asked about at the authority, by a `client` with the instance's secret key, once their
   * signature is proven: how long a session that was ended may still be accepted, 0 to ask each time. Without
   * it nobody is asked, and a token is good until it ends, 60 seconds after it was issued.
   */
  readonly sessionMaxAgeMs?: number | undefined
  /** How many answers are remembered. */
  readonly cacheSize?: number | undefined
  readonly now?: (() => number) | undefined
  readonly timeoutMs: number
}

/** Whether the session of a token, whose signature is good, is still there. @throws {VerificationUnavailableError} */
export type SessionJudge = (token: string, verdict: ActiveSessionToken) => Promise<boolean>

/**
 * @returns `null` where nobody is to be asked
 * @throws {InvalidRequestError} where nobody could be
 */
export function createSessionJudge(options: SessionJudgeOptions): SessionJudge | null {
  const { client, issuer, sessionMaxAgeMs, cacheSize = 10_000, now = Date.now, timeoutMs } = options
  if (sessionMaxAgeMs === undefined) return null
  if (!client || issuer === undefined || !(sessionMaxAgeMs >= 0)) {
    throw new InvalidRequestError(
      'invalid_request',
      'sessionMaxAgeMs needs a client, an issuer and no negative number',
    )
  }
  const remembered = createAnswerMemory<Session | null>({
    maxAgeMs: sessionMaxAgeMs,
    size: cacheSize,
    now,
    clock: monotonicMs,
    goodUntil: (session) => session && session.expireAt,
  })

  async function ask(token: string): Promise<Session | null> {
    const { ok, value, error } = await sessionsVerifyToken(client!, { token }, { timeoutMs })
    if (ok) return value
    if (saysNotActive(error)) return null
    throw unavailable(error)
  }

  return async (token, { jti, sessionId, subject }) => {
    const session = await remembered(jti, () => ask(token))
    return session?.status === 'active' && session.id === sessionId && session.userId === subject
  }
}
