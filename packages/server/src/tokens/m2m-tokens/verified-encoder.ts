import { EncodedAnswer } from '../../core/operation.ts'
import type { Millis } from '../../core/time.ts'
import type { M2mToken } from './m2m-token.ts'
import { m2mTokenResource, toM2mTokenResource } from './wire.ts'

/**
 * Writes the answer to a verification. Only the time of the last use differs from one verification of a
 * token to the next, so the rest is written once for as long as the record is in memory; a record that
 * changes is another object.
 */
export function createVerifiedEncoder(): (token: M2mToken, usedAt: Millis) => EncodedAnswer {
  const heads = new WeakMap<M2mToken, string>()
  return (token, usedAt) => {
    let head = heads.get(token)
    if (head === undefined) {
      const { last_used_at: _last, ...rest } = m2mTokenResource.parse(
        toM2mTokenResource(token, usedAt, usedAt),
      )
      heads.set(token, (head = `${JSON.stringify(rest).slice(0, -1)},"last_used_at":`))
    }
    return new EncodedAnswer(`${head}${usedAt}}`)
  }
}
