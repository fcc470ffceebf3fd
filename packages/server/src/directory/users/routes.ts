import { notFound } from '../../core/errors.ts'
import type { UserId } from '../../core/ids.ts'
import { route, type Route } from '../../core/operation.ts'
import type { Reads } from '../../core/stores.ts'
import { createUser, deleteUser, mergeUserMetadata, updateUser, type ChangeUserDeps } from './change.ts'
import type { UserQuery, UserReader } from './store.ts'
import { IDENTIFIER_TYPES, type User } from './user.ts'
import { toUserResource } from './user-resource.ts'
import * as wire from './wire.ts'

interface Filters {
  readonly user_id?: string[] | undefined
  readonly email_address?: string[] | undefined
  readonly phone_number?: string[] | undefined
  readonly username?: string[] | undefined
  readonly external_id?: string[] | undefined
  readonly query?: string | undefined
}

interface Metadata {
  readonly public_metadata?: User['metadata']['public'] | undefined
  readonly private_metadata?: User['metadata']['private'] | undefined
  readonly unsafe_metadata?: User['metadata']['unsafe'] | undefined
}

export type UserRouteDeps = ChangeUserDeps & Reads<{ users: UserReader }>

export function userRoutes(deps: UserRouteDeps): readonly Route[] {
  const { users } = deps.read
  return [
    route(wire.listUsersOperation, async ({ query }, { caller }) => {
      const { order_by, limit, offset } = query
      const found = await users.list(caller.instanceId, toQuery(query), {
        orderBy: order_by.endsWith('updated_at') ? 'updated_at' : 'created_at',
        descending: order_by.startsWith('-'),
        limit,
        offset,
      })
      return found.map(toUserResource)
    }),

    route(wire.countUsersOperation, async ({ query }, { caller }) => ({
      object: 'total_count',
      total_count: await users.count(caller.instanceId, toQuery(query)),
    })),

    route(wire.createUserOperation, async ({ body }, call) =>
      toUserResource(
        await createUser(deps, call, {
          externalId: body.external_id ?? null,
          username: body.username ?? null,
          firstName: body.first_name ?? null,
          lastName: body.last_name ?? null,
          emailAddresses: body.email_address,
          phoneNumbers: body.phone_number,
          metadata: toMetadata(body),
        }),
      ),
    ),

    route(wire.getUserOperation, async ({ params: { user_id } }, { caller }) => {
      const user = await users.find(caller.instanceId, user_id as UserId)
      if (user === null) throw notFound({ noun: 'User', id: user_id! })
      return toUserResource(user)
    }),

    route(wire.updateUserOperation, async ({ params: { user_id }, body }, call) =>
      toUserResource(
        await updateUser(deps, call, user_id as UserId, {
          ...(body.external_id !== undefined && { externalId: body.external_id }),
          ...(body.username !== undefined && { username: body.username }),
          ...(body.first_name !== undefined && { firstName: body.first_name }),
          ...(body.last_name !== undefined && { lastName: body.last_name }),
          metadata: toMetadata(body),
        }),
      ),
    ),

    route(wire.replaceUserMetadataOperation, async ({ params: { user_id }, body }, call) =>
      toUserResource(await updateUser(deps, call, user_id as UserId, { metadata: toMetadata(body) })),
    ),

    route(wire.mergeUserMetadataOperation, async ({ params: { user_id }, body }, call) =>
      toUserResource(await mergeUserMetadata(deps, call, user_id as UserId, toMetadata(body))),
    ),

    route(wire.deleteUserOperation, async ({ params: { user_id } }, call) => {
      await deleteUser(deps, call, user_id as UserId)
      return { object: 'user', id: user_id!, deleted: true }
    }),
  ]
}

const toQuery = (filters: Filters): UserQuery => ({
  ...namedBy(filters.user_id ?? []),
  identifiers: Object.fromEntries(
    IDENTIFIER_TYPES.filter((type) => filters[type] !== undefined).map((type) => [
      type,
      type === 'external_id' ? filters[type]! : filters[type]!.map((value) => value.toLowerCase()),
    ]),
  ),
  search: filters.query || null,
})

/** A `-` before an id leaves that user out; a `+` says nothing. */
function namedBy(userIds: readonly string[]): Pick<UserQuery, 'ids' | 'except'> {
  const [except, ids] = [true, false].map((isLeftOut) =>
    userIds.filter((id) => id.startsWith('-') === isLeftOut).map((id) => id.replace(/^[+-]/, '')),
  )
  return { ids: ids!, except: except! }
}

const toMetadata = (body: Metadata): Partial<User['metadata']> => ({
  ...(body.public_metadata && { public: body.public_metadata }),
  ...(body.private_metadata && { private: body.private_metadata }),
  ...(body.unsafe_metadata && { unsafe: body.unsafe_metadata }),
})
