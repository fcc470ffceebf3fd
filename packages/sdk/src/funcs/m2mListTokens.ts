import type { MintmarkCore } from '../core.ts'
import { withQuery } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import { machineOrInstanceKey, type WithMachineKey } from '../core/machine-keys.ts'
import { succeed, type Result } from '../core/result.ts'
import type { M2MToken, M2mTokensListRequest, M2mTokensListResponse } from '../models.ts'

/** One page of a list. */
export interface M2MTokenList {
  readonly data: readonly M2MToken[]
  /** Of all pages together. */
  readonly totalCount: number
}

/** Lists the M2M tokens that a machine (`subject`) issued, newest first, at most 100 at a time. */
export async function m2mListTokens(
  client: MintmarkCore,
  { machineSecretKey, ...fields }: M2mTokensListRequest & WithMachineKey,
  options?: RequestOptions,
): Promise<Result<M2MTokenList, CallError>> {
  const result = await client.send<M2mTokensListResponse>(
    () => ({
      method: 'GET',
      path: withQuery('/v1/m2m_tokens', fields),
      key: machineOrInstanceKey(machineSecretKey),
      documented: [400, 401, 403, 404, 409],
    }),
    options,
  )
  // By the name that every other list has.
  return result.ok ? succeed({ data: result.value.m2mTokens, totalCount: result.value.totalCount }) : result
}
