import { VerificationUnavailableError } from '../verify.ts'

/** The authority could not be asked: nothing is known of the token. */
export const unavailable = (cause: unknown): VerificationUnavailableError =>
  new VerificationUnavailableError('authority_unavailable', 'The authority could not be asked', { cause })
