import { fromWire } from './casing.ts'
import { APIError, ClerkErrors, SDKValidationError, type CallError, type ErrorDetail } from './errors.ts'
import { fail, succeed, type Result } from './result.ts'

/** What an operation says about its answers. */
export interface Expected {
  /** The `object` that a good answer has. */
  readonly object?: string
  /** Statuses that come with the authority's own list of errors; none, if not told. */
  readonly documented?: readonly number[]
}

/** Makes a value or an error of a whole answer. */
export function readAnswer<Value>(
  response: Response,
  body: string,
  { object, documented }: Expected,
): Result<Value, CallError> {
  const { ok, status: statusCode, headers } = response
  const contentType = headers.get('content-type') ?? ''
  const json = /^application\/([\w.-]+\+)?json\b/i.test(contentType) ? parse(body) : undefined
  if (!ok) {
    const errors = readErrors(json)
    return fail(
      new (errors[0] && documented?.includes(statusCode) ? ClerkErrors : APIError)({
        statusCode,
        contentType,
        errors,
        traceId: json?.clerkTraceId ?? headers.get('clerk-trace-id'),
        retryAfter: readRetryAfter(headers.get('retry-after') ?? ''),
        body,
        rawResponse: response,
      }),
    )
  }
  // A proxy's page with a good status must not pass for a token that was verified.
  if (json && (!object || json.object === object)) return succeed(json as Value)
  return fail(
    new SDKValidationError(`The server answered ${statusCode}, but not with ${object ?? 'JSON'}`, body),
  )
}

interface Json {
  readonly object?: string
  readonly errors?: unknown
  readonly clerkTraceId?: string
}

/** An object or an array with its names rewritten; `undefined` for whatever else. */
function parse(body: string): Json | undefined {
  try {
    const json = fromWire(JSON.parse(body))
    return Object(json) === json ? (json as Json) : undefined
  } catch {
    return undefined
  }
}

const readErrors = (json: Json | undefined): readonly ErrorDetail[] =>
  [json?.errors ?? []]
    .flat()
    .filter(
      (each): each is Partial<ErrorDetail> & { code: string } =>
        typeof (Object(each) as ErrorDetail).code === 'string',
    )
    .map(({ code, message = code, ...more }) => ({ longMessage: message, ...more, code, message }))

/** Seconds from a `Retry-After` header, a number or a date; `null` for anything else. */
function readRetryAfter(header: string): number | null {
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000
  return seconds >= 0 ? seconds : seconds < 0 ? 0 : null
}
