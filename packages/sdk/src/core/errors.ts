/**
 * Every error of this package. `instanceof` works, and so does `code` where a value has crossed a worker
 * or two copies of the package are installed. No message holds a token, a key or a body.
 */

/** One problem as the authority reports it. */
export interface ErrorDetail {
  /** Stable, for programs: `resource_not_found`. */
  readonly code: string
  /** Short, for people. */
  readonly message: string
  readonly longMessage: string
  readonly meta?: Readonly<Record<string, unknown>>
}

/** What all errors of this package have in common. `name` is the name of the class. */
export class MintmarkError extends Error {
  /** For programs. Where the authority gave a code, it is that one. */
  declare readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** What an error knows of the answer that it was made from. */
export interface FailedAnswer {
  readonly statusCode: number
  readonly contentType: string
  /** Empty if the answer had no envelope of the authority. */
  readonly errors: readonly ErrorDetail[]
  /** Names the request in the server's log. */
  readonly traceId: string | null
  /** Seconds, from `Retry-After`. */
  readonly retryAfter: number | null
  /** As it came. Nobody knows what it holds, so it is in no message and not enumerable. */
  readonly body: string
  readonly rawResponse: Response
}

/** The server answered, but not with what was asked for. */
export class APIError extends MintmarkError implements FailedAnswer {
  override name = 'APIError'
  declare readonly statusCode: number
  declare readonly contentType: string
  declare readonly errors: readonly ErrorDetail[]
  declare readonly traceId: string | null
  declare readonly retryAfter: number | null
  declare readonly body: string
  declare readonly rawResponse: Response

  constructor({ body, rawResponse, ...shown }: FailedAnswer) {
    const { code = 'api_error', longMessage = 'no details' } = shown.errors[0] ?? {}
    super(code, `The server answered ${shown.statusCode}: ${longMessage}`)
    Object.assign(this, shown)
    Object.defineProperties(this, { body: { value: body }, rawResponse: { value: rawResponse } })
  }

  /** As `statusCode`, by the name that `@clerk/backend` has for it. */
  get status(): number {
    return this.statusCode
  }

  /** As `traceId`, by the name that Clerk's clients have for it. */
  get clerkTraceId(): string | null {
    return this.traceId
  }
}

/** The authority refused with one of the statuses that the operation documents. It has one error at least. */
export class ClerkErrors extends APIError {
  override name = 'ClerkErrors'
}

/** A good status, with a body that is not what the operation returns. */
export class SDKValidationError extends MintmarkError {
  override name = 'SDKValidationError'
  /** What came instead; it may hold a secret, so it is not enumerable. */
  declare readonly rawValue: unknown

  constructor(message: string, rawValue: unknown) {
    super('response_invalid', message)
    Object.defineProperties(this, { rawValue: { value: rawValue } })
  }
}

/** No answer came, or only a part of one. `cause` is what the platform's `fetch` said. */
export class ConnectionError extends MintmarkError {
  override name = 'ConnectionError'
}

/** The call took longer than `timeoutMs`, all attempts together. */
export class RequestTimeoutError extends MintmarkError {
  override name = 'RequestTimeoutError'
}

/** The caller's own `AbortSignal` ended the call. */
export class RequestAbortedError extends MintmarkError {
  override name = 'RequestAbortedError'
}

/** Nothing was sent, because it could not have been right: no key, no id, a value that is not JSON. */
export class InvalidRequestError extends MintmarkError {
  override name = 'InvalidRequestError'
}

/** What a call can fail with. */
export type CallError =
  | APIError
  | SDKValidationError
  | ConnectionError
  | RequestTimeoutError
  | RequestAbortedError
  | InvalidRequestError
