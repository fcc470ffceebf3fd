import type { CallError } from '../core/errors.ts'
import type { Result } from '../core/result.ts'
import { createAnswerMemory } from './memory/answer-memory.ts'
import { saysNotActive } from './errors.ts'
import { monotonicMs } from './platform.ts'
import { digestOf, hasSecretForm } from './secrets.ts'
import { inactive, type Inactive } from './verdict.ts'

/** What the authority's answer about a good token must have; it may have more. */
export interface OpaqueToken {
  readonly subject: string
  /** Milliseconds since 1970; `null` for a token that does not expire. */
  readonly expiration: number | null
  readonly revoked?: boolean
  readonly expired?: boolean
}

/** What {@link createOpaqueVerifier} is told. */
export interface OpaqueVerifierOptions<Token extends OpaqueToken> {
  /** Asks the authority, as `m2mVerifyToken` does. */
  readonly verify: (secret: string) => Promise<Result<Token, CallError>>
  /** How long a revoked token may still be called active, at most. Default 5000; 0 to ask every time. */
  readonly maxAgeMs?: number | undefined
  /** How many tokens are remembered. Default 10000; 0 for none. */
  readonly cacheSize?: number | undefined
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: (() => number) | undefined
  /** Milliseconds that never go back. For tests. */
  readonly clock?: (() => number) | undefined
}

/** What the authority says of an opaque token, or said a moment ago. */
export type OpaqueVerdict<Token extends OpaqueToken = OpaqueToken> =
  | {
      readonly active: true
      readonly kind: 'm2m_token'
      readonly subject: string
      /** Frozen, because others who present the secret get the same. */
      readonly token: Token
    }
  /** `not_active`: the authority does not say why. */
  | Inactive<'malformed' | 'not_active'>

/** Verifies opaque M2M tokens. */
export interface OpaqueVerifier<Token extends OpaqueToken> {
  /** @throws {CallError} if the authority could not be asked; that says nothing about the token */
  verify(secret: string): Promise<OpaqueVerdict<Token>>
}

/**
 * Verifies opaque M2M tokens (`mt_…`) by asking the authority, once for all who present the same one at the
 * same time. Only a good answer is remembered: under a digest, no longer than `maxAgeMs` from when it was
 * asked for, and never past the token's expiration. What no authority can have issued is not asked about.
 */
export function createOpaqueVerifier<Token extends OpaqueToken>(
  options: OpaqueVerifierOptions<Token>,
): OpaqueVerifier<Token> {
  const { maxAgeMs = 5_000, cacheSize = 10_000, now = Date.now, clock = monotonicMs } = options
  const remembered = createAnswerMemory<OpaqueVerdict<Token>>({
    maxAgeMs,
    size: cacheSize,
    now,
    clock,
    goodUntil: (verdict) => (verdict.active ? (verdict.token.expiration ?? Infinity) : null),
  })

  async function ask(secret: string): Promise<OpaqueVerdict<Token>> {
    const { ok, value, error } = await options.verify(secret)
    if (ok) {
      if (value.revoked || value.expired) return inactive('not_active')
      return Object.freeze({ active: true, kind: 'm2m_token', subject: value.subject, token: freeze(value) })
    }
    if (saysNotActive(error)) return inactive('not_active')
    throw error
  }

  return {
    async verify(secret) {
      if (!hasSecretForm('mt_', secret)) return inactive('malformed')
      return remembered(digestOf(secret), () => ask(secret))
    },
  }
}

function freeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze)
  return value
}
