/**
 * The user of the wire. Published clients expect every field of the full resource; what this authority
 * does not keep is sent as "none".
 */
import { z } from 'zod'
import { ID_PATTERNS } from '../../core/ids.ts'
import { wireMillis } from '../../core/schemas.ts'
import type { User } from './user.ts'

const metadataResource = z.custom<object>().meta({ type: 'object', additionalProperties: true })

const identifierFields = {
  id: z.string(),
  reserved: z.literal(false),
  verification: z.null(),
  linked_to: z.array(z.never()),
  created_at: wireMillis,
  updated_at: wireMillis,
}
const none = z.array(z.never())

export const userResource = z
  .object({
    id: z.string().regex(ID_PATTERNS.user),
    object: z.literal('user'),
    username: z.string().nullable(),
    first_name: z.string().nullable(),
    last_name: z.string().nullable(),
    image_url: z.string(),
    has_image: z.literal(false),
    primary_email_address_id: z.string().nullable(),
    primary_phone_number_id: z.string().nullable(),
    primary_web3_wallet_id: z.null(),
    password_enabled: z.literal(false),
    two_factor_enabled: z.literal(false),
    totp_enabled: z.literal(false),
    backup_code_enabled: z.literal(false),
    email_addresses: z.array(
      z.object({ ...identifierFields, object: z.literal('email_address'), email_address: z.string() }),
    ),
    phone_numbers: z.array(
      z.object({ ...identifierFields, object: z.literal('phone_number'), phone_number: z.string() }),
    ),
    web3_wallets: none,
    passkeys: none,
    external_accounts: none,
    saml_accounts: none,
    enterprise_accounts: none,
    public_metadata: metadataResource,
    private_metadata: metadataResource,
    unsafe_metadata: metadataResource,
    external_id: z.string().nullable(),
    last_sign_in_at: wireMillis.nullable(),
    banned: z.literal(false),
    locked: z.literal(false),
    lockout_expires_in_seconds: z.null(),
    verification_attempts_remaining: z.null(),
    created_at: wireMillis,
    updated_at: wireMillis,
    delete_self_enabled: z.literal(false),
    create_organization_enabled: z.literal(false),
    last_active_at: wireMillis.nullable(),
    mfa_enabled_at: z.null(),
    mfa_disabled_at: z.null(),
    legal_accepted_at: z.null(),
  })
  .meta({ id: 'User' })

const identifierResource = (user: User, id: string) => ({
  id,
  reserved: false as const,
  verification: null,
  linked_to: [],
  created_at: user.createdAt,
  updated_at: user.createdAt,
})

export const toUserResource = (user: User): z.input<typeof userResource> => ({
  id: user.id,
  object: 'user',
  username: user.username,
  first_name: user.firstName,
  last_name: user.lastName,
  image_url: '',
  has_image: false,
  primary_email_address_id: user.emailAddresses[0]?.id ?? null,
  primary_phone_number_id: user.phoneNumbers[0]?.id ?? null,
  primary_web3_wallet_id: null,
  password_enabled: false,
  two_factor_enabled: false,
  totp_enabled: false,
  backup_code_enabled: false,
  email_addresses: user.emailAddresses.map(({ id, value }) => ({
    ...identifierResource(user, id),
    object: 'email_address',
    email_address: value,
  })),
  phone_numbers: user.phoneNumbers.map(({ id, value }) => ({
    ...identifierResource(user, id),
    object: 'phone_number',
    phone_number: value,
  })),
  web3_wallets: [],
  passkeys: [],
  external_accounts: [],
  saml_accounts: [],
  enterprise_accounts: [],
  public_metadata: user.metadata.public,
  private_metadata: user.metadata.private,
  unsafe_metadata: user.metadata.unsafe,
  external_id: user.externalId,
  last_sign_in_at: null,
  banned: false,
  locked: false,
  lockout_expires_in_seconds: null,
  verification_attempts_remaining: null,
  created_at: user.createdAt,
  updated_at: user.updatedAt,
  delete_self_enabled: false,
  create_organization_enabled: false,
  last_active_at: null,
  mfa_enabled_at: null,
  mfa_disabled_at: null,
  legal_accepted_at: null,
})
