import type { InstanceId, UserId } from '../../core/ids.ts'
import type { IdentifierType, User } from './user.ts'

export interface UserQuery {
  readonly ids: readonly string[]
  /** Those of whom nobody is wanted. */
  readonly except: readonly string[]
  /** A user must have one of the values of each type that is given. */
  readonly identifiers: Readonly<Partial<Record<IdentifierType, readonly string[]>>>
  /** A part of an id, name or identifier, in any case. */
  readonly search: string | null
}

export interface UserPage {
  readonly orderBy: 'created_at' | 'updated_at'
  readonly descending: boolean
  readonly limit: number
  readonly offset: number
}

export interface UserReader {
  /** `null` if the instance has no such user. */
  find(instanceId: InstanceId, id: UserId): Promise<User | null>
  list(instanceId: InstanceId, query: UserQuery, page: UserPage): Promise<readonly User[]>
  count(instanceId: InstanceId, query: UserQuery): Promise<number>
}

export interface UserStore extends UserReader {
  /** As `find`; nobody deletes the user until this transaction has ended. */
  findAndHold(instanceId: InstanceId, id: UserId): Promise<User | null>
  /** Gives the type of an identifier that another user has, having written nothing; `null` when written. */
  insert(user: User): Promise<IdentifierType | null>
  /** Replaces the user of that id. As `insert`. */
  replace(user: User): Promise<IdentifierType | null>
  /** False if there was none. */
  delete(instanceId: InstanceId, id: UserId): Promise<boolean>
}

/** Could this name a user, here or where an application keeps its own? */
export const isUserId = (id: string): boolean => /^user_\w{1,64}$/.test(id)
