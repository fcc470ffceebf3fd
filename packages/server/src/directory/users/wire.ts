/**
 * Users on the wire. Unknown body fields are ignored, as the published schemas are open; unknown filters
 * are refused, because a filter that is ignored shows too much.
 */
import { z } from 'zod'
import { ID_PATTERNS } from '../../core/ids.ts'
import { operation } from '../../core/operation.ts'
import { jsonObjectUpTo, page, plainText, searchText } from '../../core/schemas.ts'
import { LONGEST_METADATA } from './user.ts'
import { userResource } from './user-resource.ts'

const params = { user_id: ID_PATTERNS.user }
const metadata = jsonObjectUpTo(LONGEST_METADATA)
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
  user_id: several.optional().describe('With `-` before an id: everybody but that user.'),
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

const metadataOperation = <Method extends 'PUT' | 'PATCH'>(method: Method) => ({
  method,
  path: '/v1/users/{user_id}/metadata' as const,
  callers: 'instance' as const,
  dialect: 'form' as const,
  params,
  body: z.object({
    public_metadata: metadata.optional(),
    private_metadata: metadata.optional(),
    unsafe_metadata: metadata.optional(),
  }),
  success: 200 as const,
  response: userResource,
  errors: ['resource_not_found'] as const,
})

export const replaceUserMetadataOperation = operation({
  ...metadataOperation('PUT'),
  id: 'users.replaceMetadata',
  summary: "Replace a user's metadata of the kinds that are given.",
})

export const mergeUserMetadataOperation = operation({
  ...metadataOperation('PATCH'),
  id: 'users.mergeMetadata',
  summary: "Merge into a user's metadata of the kinds that are given.",
  description: 'Objects are merged at every level; a name that is given as null is removed.',
})
