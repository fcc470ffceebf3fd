import { MintmarkError } from '../core/errors.ts'

/**
 * Nobody can tell whether the token is good: it was neither accepted nor refused. Answer 503, never 401.
 *
 * `code` is `jwks_unavailable` (no key set that may still be trusted), `jwt_key_invalid` (the PEM is not an
 * RSA key of 2048 bits or more), or `revocations_unavailable`. `cause` is what the platform said, if it did.
 */
export class VerificationUnavailableError extends MintmarkError {
  override name = 'VerificationUnavailableError'
}
