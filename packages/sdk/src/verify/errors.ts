import { MintmarkError, type CallError } from '../core/errors.ts'

/**
 * Nobody can tell whether the token is good: it was neither accepted nor refused. Answer 503, never 401.
 *
 * `code` is `jwks_unavailable` (no key set that may still be trusted), `jwt_key_invalid` (the PEM is not an
 * RSA key of 2048 bits or more), or `revocations_unavailable`. `cause` is what the platform said, if it did.
 */
export class VerificationUnavailableError extends MintmarkError {
  override name = 'VerificationUnavailableError'
}

/**
 * Is that the authority's word that the token is not active? A proxy's own 404 has no such code, and a path
 * that the authority does not know says so: both mean a wrong address and nothing about the token.
 */
export const saysNotActive = (error: CallError): boolean =>
  'statusCode' in error &&
  error.statusCode === 404 &&
  error.code === 'resource_not_found' &&
  error.errors[0]?.meta?.['reason'] !== 'unknown_endpoint'
