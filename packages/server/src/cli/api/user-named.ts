/** Users by what people know of them. */
import type { Mintmark } from '@mintmark/sdk'
import { InvalidArgumentError } from 'commander'
import { CliError } from '../cli-error.ts'
import { idOrName } from '../values.ts'

const ID = /^user_\w{1,250}$/
const EMAIL = /^[^\s@]{1,64}@[^\s@]{1,190}$/

/** The argument that names a user. */
export const USER = ['<USER>', 'Id or email address of the user.', idOrEmail] as const

export function idOrEmail(text: string): string {
  if (ID.test(idOrName(text)) || EMAIL.test(text)) return text
  throw new InvalidArgumentError(
    'It must be the id of a user, user_…, or an email address: "mintmark users list" shows them.',
  )
}

/** @throws {CliError} unless exactly one user has that address */
export async function userIdOf(mintmark: Mintmark, user: string): Promise<string> {
  if (ID.test(user)) return user
  const found = await mintmark.users.list({ emailAddress: [user], limit: 2 })
  if (found.length === 1) return found[0]!.id
  throw new CliError(
    found.length === 0
      ? 'No user has that email address: "mintmark users list" shows them.'
      : 'Several users have that email address: give the id of one. "mintmark users list" shows them.',
  )
}
