import type { MintmarkCore } from '../core.ts'
import { InvalidRequestError } from '../core/errors.ts'
import { jwksGet } from '../funcs/jwksGet.ts'
import { m2mVerifyToken } from '../funcs/m2mVerifyToken.ts'
import type { M2MToken } from '../models.ts'
import {
  createJwksSource,
  createOpaqueVerifier,
  createVerifier,
  type JwksSource,
  type Kind,
  type VerifierOptions,
} from '../verify.ts'
import { authOfJwt, authOfOpaque, type Auth } from './auth.ts'
import { REASONS, type RefusalReason } from './request-state.ts'
import { createSessionJudge, type SessionJudgeOptions } from './session-judge.ts'
import { unavailable } from './unavailable.ts'

export interface JudgeOptions
  extends Omit<VerifierOptions, 'issuer'>, Pick<SessionJudgeOptions, 'sessionMaxAgeMs'> {
  readonly client?: MintmarkCore | undefined
  readonly issuer?: string | undefined
  /** How long an opaque token that was revoked may still be accepted. Default 5000; 0 to ask each time. */
  readonly opaqueMaxAgeMs?: number | undefined
  /** For one question to the authority. Default 5000. */
  readonly timeoutMs?: number | undefined
}

export interface Judges {
  readonly kinds: readonly Kind[]
  /** @throws {VerificationUnavailableError} */
  judge(token: string, accepts: readonly Kind[]): Promise<Auth | RefusalReason>
}

/** One judge for JWTs, one for opaque tokens; a token's first letters say whose it is. */
export function createJudges(options: JudgeOptions): Judges {
  const jwts = createJwtJudge(options)
  const opaque = createOpaqueJudge(options)
  return {
    kinds: jwts ? ['m2m_token', 'machine_token', 'session_token'] : opaque ? ['m2m_token'] : [],
    judge: async (token, accepts) => {
      if (!token.startsWith('mt_')) return jwts?.(token, accepts) ?? 'token-type-mismatch'
      return opaque && accepts.includes('m2m_token') ? opaque(token) : 'token-type-mismatch'
    },
  }
}

function createJwtJudge(options: JudgeOptions): Judges['judge'] | null {
  const { client, issuer, jwks, jwtKey, timeoutMs = TIMEOUT_MS } = options
  const isOpen = createSessionJudge({ ...options, timeoutMs })
  const isGiven = jwks !== undefined || jwtKey !== undefined
  if (issuer === undefined) {
    if (isGiven)
      throw new InvalidRequestError('invalid_request', 'A key set without its issuer proves nothing')
    return null
  }
  const keys = client && !isGiven ? keysFrom(client, timeoutMs) : jwks
  const verifier = createVerifier({ ...options, issuer, jwks: keys })
  return async (token, kinds) => {
    const verdict = await verifier.verify(token, { kinds })
    if (!verdict.active) return REASONS[verdict.reason]
    // Clerk's clients take who has not finished signing in for signed out.
    if (verdict.payload.sts === 'pending') return 'session-pending'
    const isEnded = isOpen && verdict.kind === 'session_token' && !(await isOpen(token, verdict))
    return isEnded ? 'token-revoked' : authOfJwt(verdict)
  }
}

const TIMEOUT_MS = 5_000

/** The key set as the Backend API gives it, kept and renewed like one that is read from a URL. */
function keysFrom(client: MintmarkCore, timeoutMs: number): JwksSource {
  const read = async (): Promise<Response> => {
    const { ok, value, error } = await jwksGet(client, { timeoutMs, retries: { strategy: 'none' } })
    if (!ok) throw error
    return Response.json(value)
  }
  // The address is only a name here: nothing is sent to it.
  return createJwksSource('https://authority.invalid/v1/jwks', { fetch: read, timeoutMs })
}

function createOpaqueJudge({
  client,
  audience,
  opaqueMaxAgeMs: maxAgeMs,
  cacheSize,
  now,
  timeoutMs = TIMEOUT_MS,
}: JudgeOptions): ((token: string) => Promise<Auth | RefusalReason>) | null {
  if (!client) return null
  const audiences = audience === undefined ? undefined : [audience].flat()
  const verifier = createOpaqueVerifier<M2MToken>({
    verify: (token) => m2mVerifyToken(client, { token }, { timeoutMs }),
    maxAgeMs,
    cacheSize,
    now,
  })
  return async (token) => {
    const verdict = await verifier.verify(token).catch((cause: unknown) => {
      throw unavailable(cause)
    })
    if (!verdict.active) return REASONS[verdict.reason]
    // As for a JWT, whose `aud` are the scopes: the format must not decide for whom a token is.
    const isMeant = !audiences || verdict.token.scopes.some((scope) => audiences.includes(scope))
    return isMeant ? authOfOpaque(verdict.token) : 'token-invalid-audience'
  }
}
