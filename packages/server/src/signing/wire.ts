/** Signing keys on the wire: instants in milliseconds, lengths in seconds, and never a private member. */
import { z } from 'zod'
import { ID_PATTERNS } from '../core/ids.ts'
import { operation } from '../core/operation.ts'
import { wholeSeconds, wireMillis } from '../core/schemas.ts'
import { SIGNING_KEY_STATES, type SigningKeyState } from './key-life.ts'
import { publicPemOf, type SigningKey } from './signing-key.ts'

/**
 * A key set may be cached for five minutes on its way (`Cache-Control`), and published clients keep what
 * they got for five more.
 */
const DEFAULT_ACTIVATE_IN = 600

/** Thirty days: longer than most JWTs live, and time for people to replace a PEM. */
const DEFAULT_OVERLAP = 2_592_000

const signingKeyResource = z
  .object({
    object: z.literal('signing_key'),
    id: z.string().regex(ID_PATTERNS.signingKey).describe('The `kid` of what it signs.'),
    alg: z.literal('RS256'),
    state: z
      .enum(SIGNING_KEY_STATES)
      .describe(
        '`next`: published, does not sign yet. `active`: signs. `retiring`: signs no more, still published and accepted. `retired` and `revoked`: neither.',
      ),
    public_key: z.string().describe('SPKI in PEM, as `CLERK_JWT_KEY` wants it.'),
    created_at: wireMillis,
    active_from: wireMillis,
    retires_at: wireMillis.nullable(),
    revoked_at: wireMillis.nullable(),
  })
  .meta({ id: 'SigningKey' })

export const listSigningKeysOperation = operation({
  id: 'signingKeys.list',
  method: 'GET',
  path: '/v1/signing_keys',
  summary: "List the keys that sign the instance's JWTs, newest first.",
  description: 'Keys that are over are listed too. The keys of tickets are not.',
  extension: true,
  callers: 'instance',
  dialect: 'form',
  success: 200,
  response: z.object({ data: z.array(signingKeyResource), total_count: z.int() }),
  errors: [],
})

export const rotateSigningKeyOperation = operation({
  id: 'signingKeys.rotate',
  method: 'POST',
  path: '/v1/signing_keys/rotate',
  summary: 'Publish a new signing key, which signs from a later moment on.',
  description:
    'With `activate_in_seconds` 0 it signs at once; if a rotation is pending, its key does, and `overlap_seconds` is decided anew.',
  extension: true,
  callers: 'instance',
  dialect: 'form',
  body: z.strictObject({
    activate_in_seconds: wholeSeconds(0)
      .default(DEFAULT_ACTIVATE_IN)
      .describe('How long the new key is published before it signs.'),
    overlap_seconds: wholeSeconds(0)
      .default(DEFAULT_OVERLAP)
      .describe(
        'How long the key until then stays published and accepted once the new one signs. What it signed is refused afterwards, so it should be as long as the longest JWT lives.',
      ),
  }),
  success: 201,
  response: signingKeyResource,
  errors: ['conflict'],
})

export const revokeSigningKeyOperation = operation({
  id: 'signingKeys.revoke',
  method: 'POST',
  path: '/v1/signing_keys/{key_id}/revoke',
  summary: 'Revoke a signing key: it is not published, and nothing that it signed is accepted.',
  description:
    'If it is the active key, the pending one or a new one signs from then on. `/v1/jwks` is without it from the answer on, `/.well-known/jwks.json` about a second later. Revoking twice is no error.',
  extension: true,
  callers: 'instance',
  dialect: 'form',
  params: { key_id: ID_PATTERNS.signingKey },
  success: 200,
  response: signingKeyResource,
  errors: ['resource_not_found'],
})

export const toSigningKeyResource = (key: SigningKey, state: SigningKeyState) => ({
  object: 'signing_key' as const,
  id: key.id,
  alg: key.alg,
  state,
  public_key: publicPemOf(key),
  created_at: key.createdAt,
  active_from: key.activeFrom,
  retires_at: key.retiresAt,
  revoked_at: key.revokedAt,
})
