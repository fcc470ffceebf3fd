/**
 * Refusals: what a caller did that the authority will not do. Anything else that is thrown is a fault
 * of ours. `http/errors.ts` renders both; a use case never builds a response.
 */

import type { InactiveReason } from './verdict.ts'

interface ErrorKind {
  readonly status: number
  readonly message: string
  readonly longMessage: string
}

/**
 * Every code that leaves the authority, with its status and its default texts. Codes and statuses are
 * those of the wire; `docs/reference/errors.md` is generated from this table.
 */
export const ERRORS = {
  bad_request: kind(400, 'Bad Request', 'The request is not valid.'),
  request_body_invalid: kind(400, 'Request body invalid', 'The request body is not valid JSON.'),
  malformed_request_parameters: kind(400, 'Malformed request parameters', 'The query string cannot be read.'),
  api_version_invalid: kind(
    400,
    'API version invalid',
    'Clerk-API-Version must be a date such as 2025-04-10.',
  ),
  machine_token_reserved_claim: kind(400, 'reserved claim used', 'A reserved claim was used.'),
  actor_token_cannot_be_revoked_code: kind(
    400,
    'Actor token cannot be revoked',
    'Only a pending actor token can be revoked.',
  ),
  actor_token_revoked_code: kind(400, 'Actor token revoked', 'The link was revoked by whoever made it.'),
  actor_token_already_used_code: kind(400, 'Actor token used', 'The link was used already.'),
  actor_token_cannot_be_used_code: kind(400, 'Actor token cannot be used', 'The link cannot be used.'),
  sign_in_token_cannot_be_revoked_code: kind(
    400,
    'Sign-in token cannot be revoked',
    'Only a pending sign-in token can be revoked.',
  ),
  sign_in_token_revoked_code: kind(400, 'Sign-in token revoked', 'The link was revoked by whoever made it.'),
  sign_in_token_already_used_code: kind(400, 'Sign-in token used', 'The link was used already.'),
  sign_in_token_cannot_be_used_code: kind(400, 'Sign-in token cannot be used', 'The link cannot be used.'),
  ticket_invalid_code: kind(400, 'Ticket invalid', 'This is no ticket of this instance.'),
  ticket_expired_code: kind(400, 'Ticket expired', 'The link is too old: ask for another.'),
  session_exists: kind(400, 'Session exists', 'Somebody is signed in at this browser: sign out first.'),
  request_invalid_for_environment: kind(
    400,
    'Not in this environment',
    'This cannot be asked of an instance of this environment.',
  ),
  testing_token_invalid: kind(400, 'Testing token invalid', 'This is no testing token of this instance.'),
  testing_token_expired: kind(400, 'Testing token expired', 'The testing token is too old: make another.'),
  testing_token_revoked: kind(400, 'Testing token revoked', 'The testing token was revoked.'),
  testing_token_used_up: kind(400, 'Testing token used up', 'It was used as often as it may be.'),
  captcha_missing_token: kind(400, 'Challenge missing', 'The answer to the challenge must be sent along.'),
  captcha_invalid: kind(400, 'Challenge failed', 'The answer to the challenge was not accepted.'),
  authorization_header_format_invalid: kind(
    401,
    'Invalid Authorization header format',
    "The Authorization header must be sent once, in the form 'Bearer <YOUR_API_KEY>'.",
  ),
  clerk_key_invalid: kind(
    401,
    'The secret key is not valid for this request.',
    'Use the secret key of an instance of this authority, which begins with sk_test_ or sk_live_.',
  ),
  machine_secret_key_invalid: kind(
    401,
    'The machine secret key is not valid for this request.',
    'Use the secret key of a machine of this authority, which begins with ak_; or of an instance, where the operation allows it.',
  ),
  authentication_invalid: kind(401, 'Authentication invalid', 'The session cannot be renewed with this.'),
  signed_out: kind(401, 'Signed out', 'Nobody is signed in at this browser with that session.'),
  origin_invalid: kind(403, 'Origin not allowed', 'Pages of this origin may not use the instance.'),
  authorization_invalid: kind(403, 'Unauthorized request', 'This key may not do that.'),
  resource_not_found: kind(404, 'Resource not found', 'Nothing was found that the caller may see.'),
  actor_token_subject_not_found: kind(404, 'User not found', 'The user whom the link is for is not there.'),
  method_not_allowed: kind(405, 'Method not allowed', 'This path does not answer to that method.'),
  session_creation_not_allowed: kind(
    409,
    'Session not allowed',
    'Somebody acts as a user at this browser: end that first.',
  ),
  conflict: kind(409, 'Conflict', 'The request conflicts with what is already there.'),
  request_body_too_large: kind(413, 'Request body too large', 'A request body may have 65536 bytes at most.'),
  unsupported_content_type: kind(
    415,
    'Unsupported content type',
    'Send application/json in UTF-8, not encoded otherwise.',
  ),
  form_param_missing: kind(422, 'is missing', 'A required parameter is missing.'),
  form_param_unknown: kind(422, 'is unknown', 'A parameter is not known to this request.'),
  form_param_nil: kind(422, 'is null', 'A parameter must not be null.'),
  form_param_type_invalid: kind(422, 'is of the wrong type', 'A parameter is of the wrong type.'),
  form_param_format_invalid: kind(422, 'has the wrong format', 'A parameter has the wrong format.'),
  form_param_value_invalid: kind(422, 'is invalid', 'A parameter has a value that is not allowed.'),
  form_param_value_too_large: kind(422, 'is too large', 'A parameter is larger than allowed.'),
  form_param_max_length_exceeded: kind(422, 'is too long', 'A parameter is longer than allowed.'),
  form_param_min_length_exceeded: kind(422, 'is too short', 'A parameter is shorter than allowed.'),
  form_param_array_size_exceeded: kind(422, 'has too many entries', 'A list has more entries than allowed.'),
  form_param_duplicate: kind(422, 'is repeated', 'A value is given more than once.'),
  form_identifier_exists: kind(422, 'is taken', 'Another user has this identifier.'),
  too_many_requests: kind(429, 'Too many requests', 'Wait as long as Retry-After says, then try again.'),
  internal_clerk_error: kind(
    500,
    'Internal error',
    'The request could not be served. Quote the trace id to your operator.',
  ),
  service_unavailable: kind(
    503,
    'Service unavailable',
    'The authority cannot answer just now. Nothing is said about any token.',
  ),
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof ERRORS

export interface ErrorDetails {
  readonly message?: string
  /** Written for the caller and safe to show: never holds a received value that may be a secret. */
  readonly longMessage?: string
  readonly meta?: Readonly<Record<string, string | number | boolean>>
  /** Whole seconds after which trying again makes sense. */
  readonly retryAfter?: number
  /** Why a token was refused: for the log, and for an instance's own key holder who asks. */
  readonly reason?: InactiveReason
  /** For the operator's log only. */
  readonly cause?: unknown
}

export class AuthorityError extends Error {
  override readonly name = 'AuthorityError'
  readonly code: ErrorCode
  readonly longMessage: string
  readonly meta: ErrorDetails['meta']
  readonly retryAfter: number | undefined
  readonly reason: InactiveReason | undefined

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(details.message ?? ERRORS[code].message, { cause: details.cause })
    this.code = code
    this.longMessage = details.longMessage ?? ERRORS[code].longMessage
    this.meta = details.meta
    this.retryAfter = details.retryAfter
    this.reason = details.reason
  }
}

/** "Not there" and "not yours" are the same answer, so that nobody learns which ids exist elsewhere. */
export const notFound = (what?: { readonly noun: string; readonly id: string }): AuthorityError =>
  new AuthorityError(
    'resource_not_found',
    what && {
      message: `${what.noun} not found`,
      longMessage: `No ${what.noun.toLowerCase()} was found with id ${what.id}`,
    },
  )

/** Marked, so that a client that was given a wrong address does not take it for an answer about a token. */
export const unknownEndpoint = (): AuthorityError =>
  new AuthorityError('resource_not_found', {
    longMessage: 'This server has no such endpoint.',
    meta: { reason: 'unknown_endpoint' },
  })

/** A store that cannot answer. Never "invalid", never "valid": the caller may try again. */
export const unavailable = (cause: unknown): AuthorityError =>
  new AuthorityError('service_unavailable', { retryAfter: 1, cause })

/** A parameter that is of the right type but not allowed here, in the dialect of form errors. */
export const invalidParam = (
  code: Extract<ErrorCode, `form_${string}`>,
  param: string,
  longMessage: string,
): AuthorityError => new AuthorityError(code, { longMessage, meta: { param_name: param } })

function kind(status: number, message: string, longMessage: string): ErrorKind {
  return { status, message, longMessage }
}
