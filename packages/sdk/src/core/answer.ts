import { fromWire } from './casing.ts'
import { APIError, ClerkErrors, SDKValidationError, type CallError, type ErrorDetail } from './errors.ts'
import { fail, succeed, type Result } from './result.ts'
import { readRetryAfter } from './retry.ts'

/** What an operation says about its answers. */
export interface Expected {
  /** The `object` that a good answer has. */
  readonly object?: string
  /** Statuses that come with the authority's own list of errors. */
  readonly documented: readonly number[]
}

/** Makes a value or an error of a whole answer. */
export function readAnswer<Value>(
  response: Response,
  body: string,
  { object, documented }: Expected,
): Result<Value, CallError> {
  const contentType = response.headers.get('content-type') ?? ''
  const json = /^application\/(?:[\w.-]+\+)?json\b/i.test(contentType) ? parse(body) : undefined
  if (!response.ok) {
    const { errors, traceId } = readEnvelope(json)
    const statusCode = response.status
    const known = errors.length > 0 && documented.includes(statusCode)
    const retryAfter = readRetryAfter(response.headers.get('retry-after'))
    const given = { statusCode, contentType, errors, retryAfter, body, rawResponse: response }
    return fail(
      new (known ? ClerkErrors : APIError)({
        ...given,
        traceId: traceId ?? response.headers.get('clerk-trace-id'),
      }),
    )
  }
  // A proxy's page with a good status must not pass for a token that was verified.
  if (
    typeof json !== 'object' ||
    json === null ||
    (object !== undefined && (json as Json).object !== object)
  ) {
    const what = json === undefined ? 'is not JSON' : `is not a ${object ?? 'JSON object'}`
    return fail(new SDKValidationError(`The server answered ${response.status}, but the body ${what}`, body))
  }
  return succeed(fromWire(json) as Value)
}

type Json = Readonly<Record<string, unknown>>

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function readEnvelope(json: unknown): { errors: readonly ErrorDetail[]; traceId: string | null } {
  const { errors, clerk_trace_id: traceId } = (json ?? {}) as Json
  const known = (Array.isArray(errors) ? errors : []).filter(
    (each: Json | null) => typeof each?.code === 'string',
  )
  return {
    errors: known.map((each) => fromWire({ long_message: each.message, ...each }) as ErrorDetail),
    traceId: typeof traceId === 'string' ? traceId : null,
  }
}
