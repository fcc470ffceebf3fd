import { InvalidRequestError } from '../core/errors.ts'
import { VerificationUnavailableError } from './errors.ts'
import { monotonicMs } from './platform.ts'
import { importJwk, type PublicKey } from './public-key.ts'
import { isObject, isText, parseJson } from './strict-json.ts'

/** The keys of one issuer. Give one to several verifiers only if they have the same issuer. */
export interface JwksSource {
  /** What is at hand and fresh enough, without waiting. */
  peek(kid: string): PublicKey | undefined
  /**
   * For a key that is not at hand: reads the set again if that may help.
   *
   * @throws {VerificationUnavailableError} `jwks_unavailable`
   */
  find(kid: string): Promise<PublicKey | undefined>
}

/** How public keys are read, and for how long they are trusted. */
export interface JwksSourceOptions {
  readonly fetch?: typeof globalThis.fetch | undefined
  /** How long a key that was taken out of the set is still trusted, while the set can be read. Default 300000. */
  readonly maxAgeMs?: number | undefined
  /** How long keys are trusted while the set cannot be read. Default 900000. */
  readonly staleLimitMs?: number | undefined
  /** Tokens with unknown kids make the set be read at most once in this time. Default 30000. */
  readonly cooldownMs?: number | undefined
  /** For reading the set, all of it. Default 5000. */
  readonly timeoutMs?: number | undefined
  /** Milliseconds that never go back. For tests. */
  readonly clock?: (() => number) | undefined
}

/** How soon the set is asked for again while there are no keys at all. */
const RETRY_MS = 1_000
const LARGEST_SET = 65_536

/**
 * Reads a key set (RFC 7517) when it is needed, and keeps it: never two requests at a time, and none that
 * follows a redirect. Where it is read over a network that others can reach, its URL should be `https:`.
 *
 * @throws {InvalidRequestError} if the URL is no http URL, or holds a name or a password
 */
export function createJwksSource(address: string | URL, options: JwksSourceOptions = {}): JwksSource {
  const { maxAgeMs = 300_000, staleLimitMs = 900_000, cooldownMs = 30_000, clock = monotonicMs } = options
  const url = readUrl(address)
  let keys: Keys | undefined
  let loadedAt = -Infinity
  let attemptedAt = -Infinity
  let failure: VerificationUnavailableError | undefined
  let flight: Promise<void> | undefined

  const age = () => clock() - loadedAt
  const isFresh = () => age() < (failure ? staleLimitMs : maxAgeMs)
  const isRested = () => clock() - attemptedAt >= (age() < staleLimitMs ? cooldownMs : RETRY_MS)

  async function attempt(): Promise<void> {
    const startedAt = (attemptedAt = clock())
    try {
      keys = await importSet(await read(url, options), keys)
      loadedAt = startedAt
      failure = undefined
    } catch (cause) {
      failure = new VerificationUnavailableError(
        'jwks_unavailable',
        `The key set at ${url.origin}${url.pathname} could not be read`,
        { cause },
      )
    }
    flight = undefined
  }

  /** Never rejects. */
  const load = () => (flight ??= attempt())

  function peek(kid: string): PublicKey | undefined {
    if (!isFresh()) return undefined
    // Ahead of time, so that nobody waits for it.
    if (age() > maxAgeMs * 0.8 && isRested()) void load()
    return keys?.get(kid)
  }

  return {
    peek,
    async find(kid) {
      if (flight || isRested() || !(failure || isFresh())) await load()
      const key = peek(kid)
      // The set that has no such key may be an old one.
      if (!key && failure) throw failure
      return key
    },
  }
}

/** A key set that does not change. It is imported when it is first needed. */
export function fixedSource(load: () => Promise<{ get(kid: string): PublicKey | undefined }>): JwksSource {
  let loaded: { get(kid: string): PublicKey | undefined } | undefined
  return {
    peek: (kid) => loaded?.get(kid),
    find: async (kid) => (loaded ??= await load()).get(kid),
  }
}

type Keys = ReadonlyMap<string, PublicKey>

/** What is not a strong RSA key for RS256 is passed over, and so are two keys with one `kid`. */
export async function importSet(set: readonly unknown[], former?: Keys): Promise<Keys> {
  const keys = new Map<string, PublicKey>()
  const seen = new Set<unknown>()
  for (const jwk of set) {
    const kid = isObject(jwk) ? jwk.kid : undefined
    if (!isText(kid)) continue
    const key = seen.has(kid) ? undefined : await importJwk(jwk)
    seen.add(kid)
    const before = former?.get(kid)
    if (!key) keys.delete(kid)
    // The same object for the same key: tokens that were verified with it are remembered with it.
    else keys.set(kid, before?.n === key.n && before.e === key.e ? before : key)
  }
  return keys
}

function readUrl(address: string | URL): URL {
  // What is refused is not repeated: it may hold a password.
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new InvalidRequestError('invalid_request', 'jwks is not an http URL without credentials')
  }
  return url
}

/** Ends with its time, also where a `fetch` that is not the platform's does not listen to the signal. */
function read(
  url: URL,
  { fetch = globalThis.fetch, timeoutMs = 5_000 }: JwksSourceOptions,
): Promise<readonly unknown[]> {
  const signal = AbortSignal.timeout(timeoutMs)
  return Promise.race([
    fetch(url.href, {
      headers: { Accept: 'application/json' },
      redirect: 'manual',
      signal,
      // Where the platform has it: an older worker throws on it.
      ...('cache' in Request.prototype && { cache: 'no-store' }),
    }).then(readSet),
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  ])
}

async function readSet(response: Response): Promise<readonly unknown[]> {
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`The status is ${response.status}`)
  }
  const keys: unknown = parseJson(await readBytes(response))?.keys
  if (!Array.isArray(keys)) throw new Error('The answer is not a key set')
  return keys as readonly unknown[]
}

async function readBytes(response: Response): Promise<ArrayBuffer> {
  const reader = response.body!.getReader()
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let room = LARGEST_SET
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return new Blob(chunks).arrayBuffer()
    chunks.push(value)
    room -= value.length
    if (room < 0) {
      await reader.cancel()
      throw new Error('The answer is too long')
    }
  }
}
