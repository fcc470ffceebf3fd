export { createClient, Mintmark, Mintmark as Clerk } from './client.ts'
export { ClerkCore, MintmarkCore } from './core.ts'
export * as errors from './errors.ts'
export * from './errors.ts'
export type { ClientOptions, FetchOptions, Logger, RequestOptions, RetryConfig } from './core/options.ts'
export type { Result } from './core/result.ts'
export type * from './models.ts'
export type { M2MTokenList } from './funcs/m2mListTokens.ts'
export type { SessionList } from './funcs/sessionsList.ts'
export { authenticateRequest, createAuthenticator } from './authenticate/authenticator.ts'
export { testingToken } from './authenticate/testing-token.ts'
export type { Actor, Auth, M2MAuth, MachineAuth, SessionAuth, SignedOutAuth } from './authenticate/auth.ts'
export type {
  AcceptsToken,
  AuthenticateRequestOptions,
  Authenticator,
  AuthenticatorOptions,
} from './authenticate/authenticator.ts'
export type {
  Authenticated,
  RefusalReason,
  RequestState,
  Unauthenticated,
} from './authenticate/request-state.ts'
export type { TestingTokenOptions, TestingTokenVerdict } from './authenticate/testing-token.ts'
