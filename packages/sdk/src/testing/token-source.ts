import type { MintmarkCore } from '../core.ts'
import { InvalidRequestError } from '../core/errors.ts'
import { testingTokensCreate } from '../funcs/testingTokensCreate.ts'

export interface TestingTokenInHand {
  readonly token: string
  /** Unix time in seconds; `null` if nobody said. */
  readonly expiresAt: number | null
}

/** Gives a testing token that is good for a while yet. */
export type TestingTokenSource = () => Promise<TestingTokenInHand>

/** Where tokens come from: one that was made before, or a client that makes them and new ones in time. */
export type TokenOrClient =
  | { readonly token: string; readonly client?: never }
  | { readonly client: MintmarkCore; readonly token?: never }

/** A test that begins now may take minutes. */
const REFRESH_SECONDS = 600

/**
 * One token for all who ask, and another before it ends. Two who ask at once cause one request.
 *
 * @throws {InvalidRequestError} if there is neither a token nor a client
 */
export function createTestingTokenSource({ token, client }: TokenOrClient): TestingTokenSource {
  if (token) {
    const fixed = Promise.resolve({ token, expiresAt: null })
    return () => fixed
  }
  if (!client)
    throw new InvalidRequestError('invalid_request', 'A token or a client that makes one is needed')
  let held: TestingTokenInHand | undefined
  let pending: Promise<TestingTokenInHand> | undefined

  async function renew(): Promise<TestingTokenInHand> {
    try {
      const { ok, value, error } = await testingTokensCreate(client!)
      if (!ok) throw error
      return (held = { token: value.token, expiresAt: value.expiresAt })
    } finally {
      pending = undefined
    }
  }

  return async () => {
    const isFresh = held && (held.expiresAt ?? Infinity) - Date.now() / 1000 > REFRESH_SECONDS
    return isFresh ? held! : (pending ??= renew())
  }
}
