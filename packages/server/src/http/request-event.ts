/** One event for each request, filled as it proceeds and told once, at its end. It has no place for a secret. */
import type { Caller } from '../core/caller.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { InactiveReason } from '../core/verdict.ts'

export interface RequestEvent {
  readonly traceId: string
  readonly method: string
  readonly address: string | null
  /** The id of the operation; what matched none is `none`. Never the path, which a caller made up. */
  operation: string
  status: number
  durationMs: number
  caller: Caller | null
  verdict: 'active' | InactiveReason | null
  errorCode: ErrorCode | null
  /** It is the answer to an earlier request, under the same `Idempotency-Key`. */
  replayed: boolean
}

/** Takes the event of each request, with what was thrown where that is not a plain refusal. */
export type RequestObserver = (event: RequestEvent, fault: unknown) => void
