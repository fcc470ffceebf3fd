/**
 * Verifies tokens where they arrive. {@link createVerifier} reads JWTs with nothing but the issuer's public
 * keys; {@link createOpaqueVerifier} asks the authority about opaque M2M tokens, and remembers for a moment.
 */
export { createVerifier } from './verify/create-verifier.ts'
export { createJwksSource } from './verify/jwks-source.ts'
export { createOpaqueVerifier } from './verify/create-opaque-verifier.ts'
export { VerificationUnavailableError } from './verify/errors.ts'
export type { Revocations, Verifier, VerifierOptions } from './verify/create-verifier.ts'
export type { JwksSource, JwksSourceOptions } from './verify/jwks-source.ts'
export type {
  OpaqueToken,
  OpaqueVerdict,
  OpaqueVerifier,
  OpaqueVerifierOptions,
} from './verify/create-opaque-verifier.ts'
export type {
  ActiveM2MToken,
  ActiveMachineToken,
  ActiveSessionToken,
  ActiveVerdict,
  Actor,
  Inactive,
  InactiveReason,
  Kind,
  Verdict,
} from './verify/verdict.ts'
