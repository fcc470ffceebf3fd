import type { MintmarkCore } from '../core.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { SignInToken, SignInTokensCreateRequest } from '../models.ts'

/**
 * Creates a sign-in token: a link that signs the user in, once, until it expires (30 days, if not told).
 */
export function signInTokensCreate(
  client: MintmarkCore,
  fields: SignInTokensCreateRequest,
  options?: RequestOptions,
): Promise<Result<SignInToken, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: '/v1/sign_in_tokens',
      body: toWire(fields),
      object: 'sign_in_token',
      documented: [403, 404, 422],
    }),
    options,
  )
}
