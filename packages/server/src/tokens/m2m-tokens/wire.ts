/**
 * M2M tokens on the wire: instants in milliseconds, `seconds_until_expiration` in seconds with fractions.
 * Malformed requests are 400 `bad_request` here, never 422.
 */
import { z } from 'zod'
import { ID_PATTERNS } from '../../core/ids.ts'
import { operation } from '../../core/operation.ts'
import {
  anyJson,
  jsonUpTo,
  LONGEST_CLAIMS,
  page,
  prose,
  queryBoolean,
  wireMillis,
} from '../../core/schemas.ts'
import { isPast, LONGEST_LIFETIME, type Millis } from '../../core/time.ts'
import type { M2mToken } from './m2m-token.ts'

const machineId = z.string().regex(ID_PATTERNS.machine, 'must be the id of a machine')

const m2mTokenFields = {
  object: z.literal('machine_to_machine_token'),
  id: z.string().regex(ID_PATTERNS.m2mToken),
  subject: machineId.describe('The machine that issued it.'),
  claims: anyJson.describe('As given at issue, or null.'),
  scopes: z.array(machineId).describe('The machines that may verify it.'),
  revoked: z.boolean(),
  revocation_reason: z.string().nullable(),
  expired: z.boolean(),
  expiration: wireMillis.nullable().describe('Unix time in milliseconds; null if it never expires.'),
  last_used_at: wireMillis.nullable(),
  created_at: wireMillis,
  updated_at: wireMillis,
}
export const m2mTokenResource = z.object(m2mTokenFields).meta({ id: 'M2MToken' })
const issuedM2mTokenResource = z
  .object({ ...m2mTokenFields, token: z.string().describe('The secret itself. Only here.') })
  .meta({ id: 'IssuedM2MToken' })

/** Enough for the longest JWT that is issued: all claims and all scopes that there may be. */
const presentedToken = z.string().min(1).max(49_152)

export const createM2mTokenOperation = operation({
  id: 'm2mTokens.create',
  method: 'POST',
  path: '/v1/m2m_tokens',
  unversioned: true,
  summary: 'Issue an M2M token for the machine whose key is used.',
  callers: 'machine',
  dialect: 'bad_request',
  body: z.strictObject({
    token_format: z.enum(['opaque', 'jwt']).default('opaque'),
    seconds_until_expiration: z
      .number()
      .positive()
      .max(LONGEST_LIFETIME)
      .nullish()
      .describe(
        "Null or absent: the machine's default; without one an opaque token does not expire and a JWT does after an hour.",
      ),
    claims: jsonUpTo(LONGEST_CLAIMS)
      .optional()
      .describe('Any JSON for an opaque token, an object for a JWT.'),
    min_remaining_ttl_seconds: z
      .int()
      .min(0)
      .max(LONGEST_LIFETIME)
      .nullish()
      .describe(
        'Return a token issued before, if one is alike and lives at least this long. Ignored for a JWT.',
      ),
  }),
  success: 201,
  response: issuedM2mTokenResource,
  errors: [],
})

export const listM2mTokensOperation = operation({
  id: 'm2mTokens.list',
  method: 'GET',
  path: '/v1/m2m_tokens',
  unversioned: true,
  summary: 'List the M2M tokens that a machine issued, newest first.',
  description:
    'Revoked and expired tokens are left out unless asked for. `token_format` is an extension: without it only opaque tokens are listed.',
  callers: 'instance or machine',
  dialect: 'bad_request',
  query: z.strictObject({
    ...page(100),
    subject: machineId,
    revoked: queryBoolean.default(false),
    expired: queryBoolean.default(false),
    token_format: z.enum(['opaque', 'jwt']).default('opaque'),
  }),
  success: 200,
  response: z.object({ m2m_tokens: z.array(m2mTokenResource), total_count: z.int() }),
  errors: ['authorization_invalid', 'resource_not_found'],
})

export const revokeM2mTokenOperation = operation({
  id: 'm2mTokens.revoke',
  method: 'POST',
  path: '/v1/m2m_tokens/{m2m_token_id}/revoke',
  unversioned: true,
  summary: 'Revoke an M2M token of either format, by its id.',
  description: 'Revoking twice is not an error; the first time and reason stay.',
  callers: 'instance or machine',
  dialect: 'bad_request',
  params: { m2m_token_id: ID_PATTERNS.m2mToken },
  body: z.strictObject({ revocation_reason: prose(1_000).nullish() }),
  success: 200,
  response: m2mTokenResource,
  errors: ['resource_not_found'],
})

export const revokeAllM2mTokensOperation = operation({
  id: 'm2mTokens.revokeAll',
  method: 'POST',
  path: '/v1/m2m_tokens/revoke_all',
  unversioned: true,
  summary:
    'Revoke all M2M tokens that a machine issued, that a key signed, or that were issued before an instant.',
  description:
    'However many they are, it takes one step. Tokens that are issued afterwards are good. Without `subject` and `signing_key_id` it is all of the instance, machine tokens too; then `issued_before` is required.',
  extension: true,
  callers: 'instance',
  dialect: 'bad_request',
  body: z
    .strictObject({
      subject: machineId.nullish().describe('Those that this machine issued.'),
      signing_key_id: z
        .string()
        .regex(ID_PATTERNS.signingKey, 'must be the id of a signing key')
        .nullish()
        .describe('The JWTs that this key signed, machine tokens too.'),
      issued_before: wireMillis
        .min(0)
        .nullish()
        .describe('Those issued before that instant, which must not be to come. Default: all until now.'),
      dry_run: z.boolean().default(false).describe('Only count them.'),
      revocation_reason: prose(1_000).nullish(),
    })
    .refine(({ subject, signing_key_id, issued_before }) => subject ?? signing_key_id ?? issued_before, {
      path: ['issued_before'],
      message: 'is required without subject and signing_key_id',
    })
    .refine(({ subject, signing_key_id }) => subject == null || signing_key_id == null, {
      path: ['signing_key_id'],
      message: 'must not be given beside subject',
    }),
  success: 200,
  response: z
    .object({
      object: z.literal('m2m_token_revocation'),
      subject: machineId.nullable(),
      signing_key_id: z.string().nullable(),
      revoked_until: wireMillis.describe('What was issued until then is revoked.'),
      dry_run: z.boolean(),
      count: z.int().nullable().describe('How many tokens that are good now; only counted in a dry run.'),
    })
    .meta({ id: 'M2MTokenRevocation' }),
  errors: ['resource_not_found'],
})

export const verifyM2mTokenOperation = operation({
  id: 'm2mTokens.verify',
  method: 'POST',
  path: '/v1/m2m_tokens/verify',
  unversioned: true,
  summary: 'Get the token that a secret stands for, if it is active and the caller may verify it.',
  description:
    'Everything else is one and the same 404. With an instance key and `Mintmark-Explain: 1` its `meta.reason` says why. `secret` is accepted in the place of `token`.',
  callers: 'instance or machine',
  dialect: 'bad_request',
  body: z
    .strictObject({ token: presentedToken.optional(), secret: presentedToken.optional() })
    .refine(({ token, secret }) => token !== undefined || secret !== undefined, {
      path: ['token'],
      message: 'is missing',
    })
    .refine(({ token, secret }) => token === undefined || secret === undefined, {
      path: ['secret'],
      message: 'must not be given beside token',
    }),
  success: 200,
  response: m2mTokenResource,
  errors: ['resource_not_found'],
  verdict: true,
})

export const toM2mTokenResource = (token: M2mToken, lastUsedAt: Millis | null, now: Millis) => ({
  object: 'machine_to_machine_token' as const,
  id: token.id,
  subject: token.subject,
  claims: token.claims,
  scopes: [...token.scopes],
  revoked: token.revokedAt !== null,
  revocation_reason: token.revocationReason,
  expired: isPast(token.expiresAt, now),
  expiration: token.expiresAt,
  last_used_at: lastUsedAt,
  created_at: token.createdAt,
  updated_at: token.updatedAt,
})
