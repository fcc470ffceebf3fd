/**
 * Users: whom actor tokens and sessions are about. Only what those need is kept; passwords, second
 * factors and the like belong to the application.
 */
import type { EmailAddressId, InstanceId, PhoneNumberId, UserId } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Millis } from '../../core/time.ts'

export interface User {
  readonly id: UserId
  readonly instanceId: InstanceId
  /** The application's own id of the user. */
  readonly externalId: string | null
  readonly username: string | null
  readonly firstName: string | null
  readonly lastName: string | null
  /** In lower case; the first is the primary one. */
  readonly emailAddresses: readonly { readonly id: EmailAddressId; readonly value: string }[]
  readonly phoneNumbers: readonly { readonly id: PhoneNumberId; readonly value: string }[]
  readonly metadata: {
    readonly public: JsonObject
    readonly private: JsonObject
    readonly unsafe: JsonObject
  }
  readonly createdAt: Millis
  readonly updatedAt: Millis
}

/** By which of a user's identifiers it can be found; each value belongs to one user of an instance. */
export const IDENTIFIER_TYPES = ['email_address', 'phone_number', 'username', 'external_id'] as const

export type IdentifierType = (typeof IDENTIFIER_TYPES)[number]

/** Bytes of JSON that the metadata of one kind may have. */
export const LONGEST_METADATA = 8_192
