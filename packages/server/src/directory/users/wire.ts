/**
 * Users on the wire. Published clients expect every field of the full resource; what this authority does
 * not keep is sent as "none". Unknown body fields are ignored, as the published schemas are open; unknown
 * filters are refused, because a filter that is ignored shows too much.
 */
import { z } from 'zod'
import { ID_PATTERNS } from '../../core/ids.ts'
import { operation } from '../../core/operation.ts'
import { jsonObjectUpTo, page, plainText, searchText, wireMillis } from '../../core/schemas.ts'
import type { User } from './user.ts'

const params = { user_id: ID_PATTERNS.user }
const metadata = jsonObjectUpTo(8_192)
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

const userResource = z
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

const name = plainText(255).nullish()
const email = z
  .email('must be an email address')
  .max(254)
  .transform((text) => text.toLowerCase())
const phone = z.string().regex(/^\+[1-9]\d{6,14}$/, 'must be a phone number as in E.164')
const username = plainText(64).transform((text) => text.toLowerCase())
const namesAndMetadata = {
  external_id: plainText(255).nullish(),
  username: username.nullish(),
  first_name: name,
  last_name: name,
  public_metadata: metadata.optional(),
  private_metadata: metadata.optional(),
  unsafe_metadata: metadata.optional(),
}

/** Lists come as repeated parameters, with or without brackets in their name. */
const several = z.array(searchText).max(100)
const filters = {
  user_id: several.optional(),
  email_address: several.optional(),
  phone_number: several.optional(),
  username: several.optional(),
  external_id: several.optional(),
  query: searchText.optional().describe('A part of an id, name or identifier, in any case.'),
}

export const listUsersOperation = operation({
  id: 'users.list',
  method: 'GET',
  path: '/v1/users',
  summary: 'List users.',
  callers: 'instance',
  dialect: 'form',
  query: z.strictObject({
    ...page(500),
    ...filters,
    order_by: z
      .enum(['created_at', '+created_at', '-created_at', 'updated_at', '+updated_at', '-updated_at'])
      .default('-created_at'),
  }),
  success: 200,
  response: z.array(userResource),
  errors: [],
})

export const countUsersOperation = operation({
  id: 'users.count',
  method: 'GET',
  path: '/v1/users/count',
  summary: 'Count users.',
  description: 'Takes the filters of the list; its paging and order have no effect.',
  callers: 'instance',
  dialect: 'form',
  query: z.strictObject({ ...page(500), ...filters, order_by: z.string().max(255).optional() }),
  success: 200,
  response: z.object({ object: z.literal('total_count'), total_count: z.int() }),
  errors: [],
})

export const createUserOperation = operation({
  id: 'users.create',
  method: 'POST',
  path: '/v1/users',
  summary: 'Create a user.',
  callers: 'instance',
  dialect: 'form',
  body: z.object({
    ...namesAndMetadata,
    email_address: z.array(email).max(10).default([]),
    phone_number: z.array(phone).max(10).default([]),
  }),
  success: 200,
  response: userResource,
  errors: ['form_identifier_exists'],
})

export const getUserOperation = operation({
  id: 'users.get',
  method: 'GET',
  path: '/v1/users/{user_id}',
  summary: 'Get a user.',
  callers: 'instance',
  dialect: 'form',
  params,
  success: 200,
  response: userResource,
  errors: ['resource_not_found'],
})

export const updateUserOperation = operation({
  id: 'users.update',
  method: 'PATCH',
  path: '/v1/users/{user_id}',
  summary: "Change a user's names, external id or metadata.",
  description: 'Metadata of a kind that is given replaces what was there.',
  callers: 'instance',
  dialect: 'form',
  params,
  body: z.object(namesAndMetadata),
  success: 200,
  response: userResource,
  errors: ['resource_not_found', 'form_identifier_exists'],
})

export const deleteUserOperation = operation({
  id: 'users.delete',
  method: 'DELETE',
  path: '/v1/users/{user_id}',
  summary: 'Delete a user.',
  callers: 'instance',
  dialect: 'form',
  params,
  success: 200,
  response: z.object({ object: z.literal('user'), id: z.string(), deleted: z.literal(true) }),
  errors: ['resource_not_found'],
})

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
