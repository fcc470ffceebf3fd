import { AuthorityError } from '../../core/errors.ts'
import type { KeyId, M2mTokenId, MachineId } from '../../core/ids.ts'
import type { Json } from '../../core/json.ts'
import { route, type Route } from '../../core/operation.ts'
import { seconds, type Millis } from '../../core/time.ts'
import type { Verdict } from '../../core/verdict.ts'
import { issueM2mToken, type IssueM2mTokenDeps } from './issue.ts'
import { listM2mTokens, type ListM2mTokensDeps } from './list.ts'
import type { M2mToken } from './m2m-token.ts'
import { revokeM2mToken, type RevokeM2mTokenDeps } from './revoke.ts'
import { countForRevocation, revokeAllM2mTokens, type RevokeAllM2mTokensDeps } from './revoke-all.ts'
import { createVerifiedEncoder } from './verified-encoder.ts'
import { verifyM2mToken, type VerifiedM2mToken, type VerifyM2mTokenDeps } from './verify.ts'
import * as wire from './wire.ts'

export type M2mTokenDeps = IssueM2mTokenDeps &
  VerifyM2mTokenDeps &
  RevokeM2mTokenDeps &
  RevokeAllM2mTokensDeps &
  ListM2mTokensDeps

export function m2mTokenRoutes(deps: M2mTokenDeps): readonly Route[] {
  const { clock, m2mTokenUses } = deps
  const encodeVerified = createVerifiedEncoder()

  async function toResources(tokens: readonly M2mToken[]) {
    const uses = await m2mTokenUses.lastUsedAt(tokens.map(({ id }) => id))
    return tokens.map((token) => wire.toM2mTokenResource(token, uses.get(token.id) ?? null, clock.now()))
  }

  return [
    route(wire.createM2mTokenOperation, async ({ body }, call) => {
      const { token, secret, pooled } = await issueM2mToken(deps, call, {
        format: body.token_format,
        lifetime: body.seconds_until_expiration == null ? null : seconds(body.seconds_until_expiration),
        claims: (body.claims ?? null) as Json,
        minRemaining: body.min_remaining_ttl_seconds == null ? null : seconds(body.min_remaining_ttl_seconds),
      })
      const resource = pooled
        ? (await toResources([token]))[0]!
        : wire.toM2mTokenResource(token, null, clock.now())
      return { ...resource, token: secret }
    }),

    route(wire.listM2mTokensOperation, async ({ query }, call) => {
      const { token_format: format, subject, ...rest } = query
      const { tokens, totalCount } = await listM2mTokens(deps, call, {
        ...rest,
        format,
        subject: subject as MachineId,
      })
      return { m2m_tokens: await toResources(tokens), total_count: totalCount }
    }),

    route(wire.revokeM2mTokenOperation, async ({ params: { m2m_token_id }, body }, call) => {
      const id = m2m_token_id!.toLowerCase() as M2mTokenId
      const [resource] = await toResources([
        await revokeM2mToken(deps, call, id, body.revocation_reason ?? null),
      ])
      return resource!
    }),

    route(wire.revokeAllM2mTokensOperation, async ({ body }, call) => {
      const { subject = null, signing_key_id = null, issued_before = null, dry_run } = body
      const asked = {
        subject: subject as MachineId | null,
        signingKeyId: signing_key_id as KeyId | null,
        issuedBefore: issued_before as Millis | null,
      }
      const { until, count } = dry_run
        ? await countForRevocation(deps, call, asked)
        : {
            until: await revokeAllM2mTokens(deps, call, asked, body.revocation_reason ?? null),
            count: null,
          }
      const object = 'm2m_token_revocation' as const
      return { object, subject, signing_key_id, revoked_until: until, dry_run, count }
    }),

    route(wire.verifyM2mTokenOperation, async ({ body }, call) => {
      const { token, usedAt } = activeOrNotFound(
        await verifyM2mToken(deps, call, (body.token ?? body.secret)!),
      )
      return encodeVerified(token, usedAt)
    }),
  ]
}

/** Clients take any 200 for a good token, so a refused one has to be a 404, the same for every reason. */
function activeOrNotFound(verdict: Verdict<VerifiedM2mToken>): VerifiedM2mToken {
  if (verdict.active) return verdict.token
  throw new AuthorityError('resource_not_found', { reason: verdict.reason })
}
