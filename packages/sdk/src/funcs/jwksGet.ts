import type { MintmarkCore } from '../core.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { JWKS } from '../models.ts'

/**
 * Gets the public keys that verify the JWTs of this instance (RFC 7517).
 */
export function jwksGet(client: MintmarkCore, options?: RequestOptions): Promise<Result<JWKS, CallError>> {
  return client.send(() => ({ method: 'GET', path: '/v1/jwks', documented: [400, 401] }), options)
}
