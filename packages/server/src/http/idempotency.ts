/**
 * A POST that is sent again under the same `Idempotency-Key` happens once. What it does and the answer that
 * is remembered are one transaction: there is never one without the other. Never for a verdict: repeated,
 * it would outlive a revocation.
 */
import { createHash } from 'node:crypto'
import type { Authority } from '../authority.ts'
import type { Call } from '../core/caller.ts'
import { AuthorityError, ERRORS, type ErrorCode } from '../core/errors.ts'
import {
  ANSWERS_KEPT,
  type IdempotentAnswer,
  type IdempotentAnswerStore,
} from '../core/idempotent-answers.ts'
import { canonicalJson, type JsonObject } from '../core/json.ts'
import type { Operation } from '../core/operation.ts'
import { millis, type Millis } from '../core/time.ts'
import { toErrorResponse } from './errors.ts'
import { JSON_HEADERS, type HttpRequest, type HttpResponse } from './exchange.ts'
import type { RequestEvent } from './request-event.ts'
import type { Match } from './router.ts'

export interface KeyedRequest {
  readonly key: string
  readonly match: Match
  readonly query: string
  /** Not the bytes: the order of names and white space are the client's affair. */
  readonly body: JsonObject | undefined
  readonly call: Call
}

/**
 * Serves a request, or gives the answer that its like was given before.
 *
 * @param serve what has an effect; it runs inside a transaction, and at most once
 * @throws {AuthorityError} `conflict` if the key was used for another request; what `serve` throws, unless it
 *   is a refusal that is remembered: that is an answer like any other
 */
export type ServeOnce = (
  request: KeyedRequest,
  event: RequestEvent,
  serve: () => Promise<HttpResponse>,
) => Promise<HttpResponse>

interface Answer {
  readonly status: number
  readonly body: string
  /** For the log. */
  readonly errorCode: ErrorCode | null
}

type Names = Pick<IdempotentAnswer, 'scope' | 'fingerprint'>
type Deps = Pick<Authority['deps'], 'ring' | 'clock'> & Pick<Authority, 'storage'>

export function createServeOnce(deps: Deps): ServeOnce {
  const running = new Map<string, { readonly fingerprint: string; readonly served: Promise<Served> }>()

  return async (request, event, serve) => {
    const names = namesOf(request)
    const { scope, fingerprint } = names
    // Waited for here and not in a transaction: one that waits for another of its own group never ends.
    for (let other = running.get(scope); other !== undefined; other = running.get(scope)) {
      if (other.fingerprint === fingerprint) return toResponse((await other.served).answer, event, true)
      // Which of the two is the one that counts is known when it has ended.
      await other.served.catch(() => {})
    }
    const served = serveFirst(deps, names, request.call, serve).finally(() => running.delete(scope))
    running.set(scope, { fingerprint, served })
    const { answer, remembered } = await served
    return toResponse(answer, event, remembered)
  }
}

function toResponse(
  { status, body, errorCode }: Answer,
  event: RequestEvent,
  replayed: boolean,
): HttpResponse {
  event.errorCode = errorCode
  event.replayed = replayed
  const headers = replayed ? { ...JSON_HEADERS, 'Idempotent-Replayed': 'true' } : JSON_HEADERS
  return { status, headers, body }
}

const HEADER = 'idempotency-key'
const PRINTABLE = /^[\x20-\x7e]{1,255}$/

/**
 * @returns `null` if there is none, or if the operation does not look at it
 * @throws {AuthorityError} `bad_request` for a key that cannot be one
 */
export function readIdempotencyKey(request: HttpRequest, { method, verdict }: Operation): string | null {
  if (method !== 'POST') return null
  const key = request.header(HEADER)
  if (key === null) return null
  if (!PRINTABLE.test(key) || request.repeated(HEADER)) {
    throw new AuthorityError('bad_request', {
      longMessage: 'The Idempotency-Key header must be sent once, with 1 to 255 printable ASCII characters.',
    })
  }
  return verdict ? null : key
}

interface Served {
  readonly answer: Answer
  /** It was there before. */
  readonly remembered: boolean
}

async function serveFirst(
  deps: Deps,
  names: Names,
  call: Call,
  serve: () => Promise<HttpResponse>,
): Promise<Served> {
  const { storage } = deps
  const before = await find(deps, names)
  if (before !== null) return remembered(deps, before)
  const keep = (answer: Answer, { idempotentAnswers }: { idempotentAnswers: IdempotentAnswerStore }) =>
    keepSealed(deps, idempotentAnswers, names, answer)
  try {
    const answer = await storage.atomically(async () => toAnswer(await serve(), null), keep)
    return { answer, remembered: false }
  } catch (error) {
    const other = error instanceof ServedMeanwhile ? await find(deps, names) : null
    if (other !== null) return remembered(deps, other)
    if (!isForRemembering(error)) throw error
    // What the refused request has done is undone by now. That it was refused is kept by itself.
    const refusal = toErrorResponse(error, { traceId: call.traceId, explain: false })
    const answer = toAnswer(refusal, error.code)
    await storage.transaction((stores) => keep(answer, stores))
    return { answer, remembered: false }
  }
}

/** What was found may be a commit that one server only has. */
async function remembered({ storage }: Deps, answer: Answer): Promise<Served> {
  await storage.confirm()
  return { answer, remembered: true }
}

const toAnswer = ({ status, body }: HttpResponse, errorCode: ErrorCode | null): Answer => ({
  status,
  body: String(body),
  errorCode,
})

async function find({ storage, ring, clock }: Deps, names: Names): Promise<Answer | null> {
  const kept = await storage.read.idempotentAnswers.find(names.scope, oldestOf(clock.now()))
  if (kept === null) return null
  if (kept.fingerprint !== names.fingerprint) throw conflict(OTHER_REQUEST)
  if (!ring.macKeys.has(kept.sealed.keyId)) throw conflict(SEALED_FOR_GOOD)
  return JSON.parse(Buffer.from(ring.answers.open(kept.sealed, contextOf(names))).toString()) as Answer
}

async function keepSealed(
  { ring, clock }: Deps,
  answers: IdempotentAnswerStore,
  names: Names,
  answer: Answer,
): Promise<void> {
  const createdAt = clock.now()
  const sealed = ring.answers.seal(Buffer.from(JSON.stringify(answer)), contextOf(names))
  // Whatever else went wrong, no second effect is committed under the same key.
  if (await answers.keep({ ...names, sealed, createdAt }, oldestOf(createdAt))) return
  throw new ServedMeanwhile('conflict', { longMessage: SERVED_MEANWHILE })
}

const oldestOf = (now: Millis): Millis => millis(now - ANSWERS_KEPT * 1000)

/** Bound into the seal, so that a row that is moved to another caller or request does not open. */
const contextOf = ({ scope, fingerprint }: Names): string => `idempotent answer\0${scope}\0${fingerprint}`

/** By machine or instance and not by its key, so that a retry may come with the next one. */
function namesOf({ key, match: { route, params }, query, body = {}, call: { caller } }: KeyedRequest): Names {
  const machineId = caller.kind === 'machine' ? caller.machineId : null
  const scope = [caller.instanceId, machineId, route.operation.id, key]
  // The key is in it too, so that who steals the database cannot try what a request may have been.
  return { scope: digest(scope), fingerprint: digest([...scope, params, query, body]) }
}

const digest = (value: Parameters<typeof canonicalJson>[0]): string =>
  createHash('sha256').update(canonicalJson(value)).digest('base64url')

/** Statuses that say something about now or about how it was sent, and not about the request. */
const PASSING = new Set([401, 408, 409, 413, 415, 429])

function isForRemembering(error: unknown): error is AuthorityError {
  if (!(error instanceof AuthorityError) || error.cause !== undefined) return false
  const { status } = ERRORS[error.code]
  return status < 500 && !PASSING.has(status)
}

/** Another server was first with a request under the same key. */
class ServedMeanwhile extends AuthorityError {}

const conflict = (longMessage: string): AuthorityError => new AuthorityError('conflict', { longMessage })

const OTHER_REQUEST =
  'This Idempotency-Key was sent before with another request. Take a new key for each request, and the same one only to send the same request again.'
const SEALED_FOR_GOOD =
  'This request was served before, but its answer is sealed under a master key that the server no longer has. See what it has done before you send it under a new Idempotency-Key.'
const SERVED_MEANWHILE =
  'Another server has just served a request under this Idempotency-Key. Send it again to get its answer.'
