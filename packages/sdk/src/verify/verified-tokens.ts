import type { PublicKey } from './public-key.ts'
import type { ActiveVerdict } from './verdict.ts'

/** A token whose signature was good under this key. That is all that is remembered: the rest is judged anew. */
export interface VerifiedToken {
  readonly text: string
  readonly kid: string
  readonly key: PublicKey
  readonly verdict: ActiveVerdict
  /** The verdict once more, so that giving it out makes no new promise. */
  readonly answer: Promise<ActiveVerdict>
}

export interface VerifiedTokens {
  find(text: string): VerifiedToken | undefined
  keep(token: VerifiedToken): void
  forget(token: VerifiedToken): void
}

/** Longer ones are verified each time, so that nobody fills the memory with what a few have in them. */
const LONGEST_KEPT = 8_192

/** Digits of the signature that are looked up, instead of hashing hundreds of characters each time. */
const TAIL = 24
const tailOf = (text: string): string => text.slice(-TAIL)

/**
 * One entry for each `jti` of one issuer. A text finds its entry by the end of its signature, and has found
 * it only if it is the same text in full. The oldest makes room: to verify it once more is no great cost.
 */
export function createVerifiedTokens(limit: number): VerifiedTokens {
  const byJti = new Map<string, VerifiedToken>()
  const byTail = new Map<string, VerifiedToken>()

  function forget(token: VerifiedToken): void {
    const { jti } = token.verdict
    // Another may have come in its place.
    if (byJti.get(jti) !== token) return
    byJti.delete(jti)
    byTail.delete(tailOf(token.text))
  }

  return {
    find(text) {
      const known = byTail.get(tailOf(text))
      return known?.text === text ? known : undefined
    },
    keep(token) {
      if (token.text.length > LONGEST_KEPT) return
      const { jti } = token.verdict
      const former = byJti.get(jti)
      if (former) forget(former)
      byJti.set(jti, token)
      byTail.set(tailOf(token.text), token)
      for (const [, oldest] of byJti) {
        if (byJti.size <= limit) return
        forget(oldest)
      }
    },
    forget,
  }
}
