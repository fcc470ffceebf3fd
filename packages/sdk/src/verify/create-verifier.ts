import { InvalidRequestError } from '../core/errors.ts'
import { VerificationUnavailableError } from './errors.ts'
import { createJwksSource, fixedSource, importSet, type JwksSource } from './jwks-source.ts'
import { parseJwt } from './parse-jwt.ts'
import { readPem } from './public-key.ts'
import { readClaims } from './read-claims.ts'
import { parseJson } from './strict-json.ts'
import { inactive, type ActiveVerdict, type InactiveReason, type Kind, type Verdict } from './verdict.ts'
import { createVerifiedTokens, type VerifiedToken } from './verified-tokens.ts'

/** Knows which tokens were revoked: a feed that is followed, or any look-up. */
export interface Revocations {
  /** Throws or rejects if it cannot tell; then the verification rejects as well. */
  isRevoked(token: ActiveVerdict): boolean | Promise<boolean>
}

/** What {@link createVerifier} is told. */
export interface VerifierOptions {
  /** What `iss` must be, letter for letter. */
  readonly issuer: string
  /** Where the issuer's public keys are, or the keys themselves. A URL is read when the first token comes. */
  readonly jwks?: string | URL | JwksSource | { readonly keys: readonly object[] } | undefined
  /** The one public key (SPKI in PEM), instead of `jwks`; then there is no network, and `kid` is not looked at. */
  readonly jwtKey?: string | undefined
  /**
   * `aud` must hold one of these. An M2M JWT has an `aud` only if its machine has scopes, so a token of a
   * machine without any is `wrong_audience` here. Set it to the own machine's id to accept only tokens that
   * were meant for it.
   */
  readonly audience?: string | readonly string[] | undefined
  /** `azp` of a session must be one of these; one without `azp` is `wrong_party`. */
  readonly authorizedParties?: readonly string[] | undefined
  /** How far the issuer's clock may be off, in both directions. Default 5000. */
  readonly clockSkewMs?: number | undefined
  readonly revocations?: Revocations | undefined
  /** How many tokens' signatures are remembered. Default 10000; 0 for none. */
  readonly cacheSize?: number | undefined
  /** For reading `jwks`. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: (() => number) | undefined
}

/** Verifies JWTs of one issuer. */
export interface Verifier {
  /**
   * Gives a verdict on any text at all: an inactive one is an answer, not an error.
   *
   * @param options `kinds` are those that are accepted; all, if not told
   * @throws {VerificationUnavailableError} if nobody can tell. That is never a reason to accept the token,
   * nor to call it invalid.
   */
  verify<K extends Kind = Kind>(
    token: string,
    options?: { readonly kinds?: readonly K[] | undefined },
  ): Promise<Verdict<K>>
}

/**
 * Verifies JWTs of one issuer where they arrive, with RS256 alone and more strictly than the RFCs ask: one
 * token has one spelling (RFC 7515, RFC 7519, RFC 8725). A token that is presented again costs a look-up;
 * what can change, such as time, keys and revocations, is looked at each time.
 *
 * @throws {InvalidRequestError} if the options make no sense
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const { revocations } = options
  const keys = sourceOf(options)
  const refusalOf = judgeOf(options)
  const verified = createVerifiedTokens(options.cacheSize ?? 10_000)

  const settle = (token: VerifiedToken, kinds?: readonly Kind[]): Promise<Verdict> => {
    const reason = refusalOf(token.verdict, kinds)
    if (reason) return Promise.resolve(inactive(reason))
    return revocations ? settleUnlessRevoked(token, kinds) : token.answer
  }

  async function settleUnlessRevoked(token: VerifiedToken, kinds?: readonly Kind[]): Promise<Verdict> {
    const { verdict } = token
    let revoked: unknown
    let cause: unknown
    try {
      const answer = revocations!.isRevoked(verdict)
      revoked = typeof answer === 'boolean' ? answer : await answer
    } catch (error) {
      cause = error
    }
    // A store that returned no row has not said "not revoked".
    if (typeof revoked !== 'boolean') {
      throw new VerificationUnavailableError('revocations_unavailable', 'No answer about revocations', {
        cause,
      })
    }
    if (revoked) verified.forget(token)
    // Time may have passed.
    const reason = revoked ? 'revoked' : refusalOf(verdict, kinds)
    return reason ? inactive(reason) : verdict
  }

  async function verifyAnew(text: string, kinds?: readonly Kind[]): Promise<Verdict> {
    const jwt = parseJwt(text)
    if (!jwt) return inactive('malformed')
    const { kid = '', cat, signingInput, signature } = jwt
    const key = keys.peek(kid) ?? (await keys.find(kid))
    if (!key) return inactive('unknown_key')
    if (!(await key.verify(signingInput, signature))) return inactive('bad_signature')
    const payload = parseJson(jwt.payload)
    const verdict = payload ? readClaims(cat, payload) : 'malformed'
    if (typeof verdict === 'string') return inactive(verdict)
    const token = { text, kid, key, verdict, answer: Promise.resolve(verdict) }
    if (!refusalOf(verdict)) verified.keep(token)
    return settle(token, kinds)
  }

  const verify = (text: string, { kinds }: { readonly kinds?: readonly Kind[] | undefined } = {}) => {
    if (typeof text !== 'string') return Promise.resolve(inactive('malformed'))
    const known = verified.find(text)
    // The same key, or it was taken out of the set or replaced.
    return known && keys.peek(known.kid) === known.key ? settle(known, kinds) : verifyAnew(text, kinds)
  }
  return { verify: verify as Verifier['verify'] }
}

/** Everything that is compared with the verifier's expectations; it is the same for a token that is remembered. */
function judgeOf({
  issuer,
  audience,
  authorizedParties,
  clockSkewMs = 5_000,
  now = Date.now,
}: VerifierOptions) {
  const audiences = audience === undefined ? undefined : [audience].flat()
  const parties: readonly (string | null)[] | undefined = authorizedParties && [...authorizedParties]

  return (token: ActiveVerdict, kinds?: readonly Kind[]): InactiveReason | undefined => {
    if (kinds && !kinds.includes(token.kind)) return 'wrong_kind'
    if (token.issuer !== issuer) return 'wrong_issuer'
    if (audiences && !token.audience.some((each) => audiences.includes(each))) return 'wrong_audience'
    if (parties && token.kind === 'session_token' && !parties.includes(token.authorizedParty))
      return 'wrong_party'
    const time = now()
    // Written so that a clock that says NaN makes every token inactive.
    if (!(time < token.expiresAt + clockSkewMs)) return 'expired'
    return time >= token.notBefore - clockSkewMs ? undefined : 'not_yet_valid'
  }
}

function sourceOf({
  issuer,
  jwks,
  jwtKey,
  fetch,
  clockSkewMs = 0,
  cacheSize = 0,
}: VerifierOptions): JwksSource {
  if (!issuer || (jwks === undefined) === (jwtKey === undefined) || !(clockSkewMs >= 0 && cacheSize >= 0)) {
    throw invalid('A verifier needs issuer, either jwks or jwtKey, and no negative number')
  }
  if (jwtKey !== undefined) {
    const importKey = readPem(jwtKey)
    if (!importKey) throw invalid('jwtKey is not a PEM')
    return fixedSource(async () => {
      const key = await importKey()
      return { get: () => key }
    })
  }
  if (typeof jwks === 'string' || jwks instanceof URL) return createJwksSource(jwks, { fetch })
  return 'keys' in jwks! ? fixedSource(() => importSet(jwks.keys)) : jwks!
}

const invalid = (message: string) => new InvalidRequestError('invalid_request', message)
