/** Answers to requests that came with an `Idempotency-Key`, kept so that the same request again gets the same. */
import type { Sealed } from './secrets/master-key.ts'
import { seconds, type Millis } from './time.ts'

/** A day, as clients of other APIs are used to. Older ones count as absent. */
export const ANSWERS_KEPT = seconds(86_400)

/** It holds neither key nor request, only their digests; and its answer only sealed, as tokens are in it. */
export interface IdempotentAnswer {
  /** Who asked for which operation under which key, as a digest. */
  readonly scope: string
  /** All of that and the request too, as a digest. */
  readonly fingerprint: string
  readonly sealed: Sealed
  readonly createdAt: Millis
}

export interface IdempotentAnswerReader {
  /** What was kept for a scope later than that instant; `null` also for what is older and not yet swept. */
  find(scope: string, laterThan: Millis): Promise<IdempotentAnswer | null>
}

export interface IdempotentAnswerStore extends IdempotentAnswerReader {
  /**
   * Keeps an answer, unless its scope has one that was kept later than that instant.
   *
   * @returns whether it is kept now
   */
  keep(answer: IdempotentAnswer, laterThan: Millis): Promise<boolean>
  /**
   * Forgets the oldest of those that were kept until that instant.
   *
   * @returns how many, at most `limit`
   */
  sweep(until: Millis, limit: number): Promise<number>
}
