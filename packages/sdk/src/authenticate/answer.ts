/** What an application answers to a request that is not authenticated, in the authority's own envelope. */
import { VerificationUnavailableError } from '../verify.ts'
import type { Unauthenticated } from './request-state.ts'

export interface RefusalAnswer {
  readonly status: 401 | 403 | 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: {
    readonly errors: readonly {
      readonly code: string
      readonly message: string
      readonly long_message: string
    }[]
  }
}

/** Says nothing of the reason: it would tell a guesser how far the guess went. */
export function answerOf({ reason, status, headers }: Unauthenticated): RefusalAnswer {
  const challenge = headers.get('www-authenticate')
  const texts = status === 403 ? FORBIDDEN : reason === 'token-missing' ? MISSING : INVALID
  return makeAnswer(status, texts, challenge === null ? {} : { 'WWW-Authenticate': challenge })
}

/** The answer where nobody could tell; any other error is thrown on, for the framework to deal with. */
export function answerOfError(error: unknown): RefusalAnswer {
  // By name as well: two copies of the package may be installed.
  const isKnown =
    error instanceof VerificationUnavailableError ||
    (error instanceof Error && error.name === 'VerificationUnavailableError')
  if (!isKnown) throw error
  return makeAnswer(503, UNAVAILABLE, { 'Retry-After': '1' })
}

/** For the platforms that answer with a `Response`. */
export const toResponse = ({ status, headers, body }: RefusalAnswer): Response =>
  new Response(JSON.stringify(body), { status, headers })

type Texts = readonly [code: string, message: string, long: string]

const MISSING: Texts = [
  'authorization_header_format_invalid',
  'Invalid Authorization header format',
  "Invalid Authorization header format. Must be 'Bearer <token>'",
]
const INVALID: Texts = ['authentication_invalid', 'Invalid authentication', 'The token is not accepted here']
const FORBIDDEN: Texts = [
  'authorization_invalid',
  'Unauthorized request',
  'You are not authorized to perform this request',
]
const UNAVAILABLE: Texts = [
  'service_unavailable',
  'Service unavailable',
  'The token could not be verified at the moment. Try again',
]

const makeAnswer = (
  status: RefusalAnswer['status'],
  [code, message, long_message]: Texts,
  headers: Readonly<Record<string, string>>,
): RefusalAnswer => ({
  status,
  headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers },
  body: { errors: [{ code, message, long_message }] },
})
