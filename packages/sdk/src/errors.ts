/** The errors of this package; see the class {@link MintmarkError} for what they share. */
export {
  APIError,
  ClerkErrors,
  ConnectionError,
  InvalidRequestError,
  MintmarkError,
  RequestAbortedError,
  RequestTimeoutError,
  SDKValidationError,
  type CallError,
  type ErrorDetail,
  type FailedAnswer,
} from './core/errors.ts'
