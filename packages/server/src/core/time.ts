/**
 * Instants and durations. Inside the authority an instant is always `Millis`; the wire's mix of
 * seconds and milliseconds (wire reference, "Units") is translated in each kind's `wire.ts`.
 */

declare const unit: unique symbol

/** Milliseconds: since 1970-01-01T00:00:00Z for an instant, or as a length of time. */
export type Millis = number & { readonly [unit]: 'ms' }

/** Seconds: since 1970-01-01T00:00:00Z for an instant, or as a length of time. */
export type Seconds = number & { readonly [unit]: 's' }

/** Where "now" comes from, so that tests decide what time it is. */
export interface Clock {
  now(): Millis
}

export const systemClock: Clock = { now: () => Date.now() as Millis }

export const millis = (value: number): Millis => value as Millis
export const seconds = (value: number): Seconds => value as Seconds

/** The instant a length of time after another. Fractions of a millisecond are rounded, never to nothing. */
export const after = (start: Millis, length: Seconds): Millis =>
  (start + Math.max(1, Math.round(length * 1000))) as Millis

/** Whole seconds, rounded down, as JWT dates are written (RFC 7519 section 2, NumericDate). */
export const toSeconds = (instant: Millis): Seconds => Math.floor(instant / 1000) as Seconds

/** An instant is past from its own millisecond on. `null` stands for "never" and is not past. */
export const isPast = (instant: Millis | null, now: Millis): boolean => instant !== null && instant <= now

/** The latest of instants that may be missing; `null` if all are. */
export const latest = (...instants: readonly (Millis | null | undefined)[]): Millis | null =>
  instants.reduce<Millis | null>(
    (newest, each) => (each != null && each > (newest ?? -1) ? each : newest),
    null,
  )

/** Ten years. No lifetime that a caller may ask for is longer (wire reference, "Limits"). */
export const LONGEST_LIFETIME = 315_360_000 as Seconds
