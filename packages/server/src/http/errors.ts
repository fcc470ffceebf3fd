/** Renders what was thrown in the envelope that published clients parse; they need all three texts. */
import { AuthorityError, ERRORS } from '../core/errors.ts'
import { jsonResponse, type HttpResponse } from './exchange.ts'
import { MethodNotAllowed } from './router.ts'

export interface ErrorContext {
  readonly traceId: string
  /** The caller may learn why a token was refused, and asked to. */
  readonly explain: boolean
}

/** The message of an error we did not write may hold a secret, so none of it is shown. */
const INTERNAL = new AuthorityError('internal_clerk_error')

export const asRefusal = (error: unknown): AuthorityError =>
  error instanceof AuthorityError ? error : INTERNAL

export function toErrorResponse(error: unknown, { traceId, explain }: ErrorContext): HttpResponse {
  const refusal = asRefusal(error)
  const { code, message, longMessage, reason, retryAfter } = refusal
  const meta = explain && reason !== undefined ? { ...refusal.meta, reason } : refusal.meta
  const described = { message, long_message: longMessage, code, ...(meta && { meta }) }
  return jsonResponse(
    ERRORS[code].status,
    { errors: [described], clerk_trace_id: traceId },
    {
      ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
      ...(refusal instanceof MethodNotAllowed && { Allow: refusal.allow }),
      // What is left of the body is not read, so the connection cannot be used again.
      ...(code === 'request_body_too_large' && { Connection: 'close' }),
    },
  )
}
