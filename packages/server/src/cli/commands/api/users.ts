import type { User } from '@mintmark/sdk'
import { Command } from 'commander'
import { addPage, apiCommand, type PageFlags } from '../../api/api-command.ts'
import { compact, plain, showPage, showRecord, time } from '../../api/show.ts'
import { USER, userIdOf } from '../../api/user-named.ts'
import { print } from '../../output.ts'
import { each, given, jsonObject, type JsonObject } from '../../values.ts'

export function usersCommand(): Command {
  return new Command('users')
    .description('Users: whom actor tokens are about.')
    .addCommand(listCommand())
    .addCommand(getCommand())
    .addCommand(createCommand())
    .addCommand(updateCommand())
    .addCommand(deleteCommand())
    .addCommand(countCommand())
}

interface FilterFlags {
  readonly query?: string
  readonly email?: readonly string[]
  readonly phone?: readonly string[]
  readonly username?: readonly string[]
  readonly externalId?: readonly string[]
}

const addFilters = (command: Command): Command =>
  command
    .option('--query <TEXT>', 'Only those with this in an id, name or address.')
    .option('--email <ADDRESS>', 'Only who has this address. May be given again, as the others.', each)
    .option('--phone <NUMBER>', 'Only who has this number.', each)
    .option('--username <NAME>', 'Only who has this name.', each)
    .option('--external-id <ID>', 'Only who has this id elsewhere.', each)

const filtersOf = ({ query, email, phone, username, externalId }: FilterFlags) =>
  given({ query, emailAddress: email, phoneNumber: phone, username, externalId })

const listCommand = () =>
  apiCommand<PageFlags & FilterFlags>({
    name: 'list',
    description: 'List users, newest first.',
    shape: (command) => void addFilters(addPage(command)),
    async act({ mintmark, flags }) {
      const { limit, offset } = flags
      const filters = filtersOf(flags)
      // Counted first: the answer that --json prints is the last one.
      const { totalCount } = await mintmark.users.count(filters)
      const data = await mintmark.users.list({ ...filters, limit, offset })
      return () =>
        showPage(
          { data, totalCount },
          offset,
          [
            ['ID', (user) => user.id],
            ['NAME', nameOf],
            ['EMAIL', emailsOf],
            ['EXTERNAL ID', ({ externalId }) => plain(externalId)],
            ['CREATED', ({ createdAt }) => time(createdAt)],
          ],
          ['CREATED', 'EXTERNAL ID', 'NAME'],
        )
    },
  })

const countCommand = () =>
  apiCommand<FilterFlags>({
    name: 'count',
    description: 'Count users.',
    shape: (command) => void addFilters(command),
    async act({ mintmark, flags }) {
      const { totalCount } = await mintmark.users.count(filtersOf(flags))
      return () => print(String(totalCount))
    },
  })

const addUser = (command: Command): Command => command.argument(...USER)

const getCommand = () =>
  apiCommand({
    name: 'get',
    description: 'Show a user.',
    shape: (command) => void addUser(command),
    async act({ mintmark, args: [user] }) {
      const found = await mintmark.users.get({ userId: await userIdOf(mintmark, user!) })
      return () => showUser(found)
    },
  })

interface UserFlags {
  readonly username?: string
  readonly firstName?: string
  readonly lastName?: string
  readonly externalId?: string
  readonly publicMetadata?: JsonObject
  readonly privateMetadata?: JsonObject
  readonly unsafeMetadata?: JsonObject
}

const addFields = (command: Command): Command =>
  command
    .option('--username <NAME>', 'A name that no other user has.')
    .option('--first-name <NAME>', 'Given name.')
    .option('--last-name <NAME>', 'Family name.')
    .option('--external-id <ID>', 'Id that your own system has for the user.')
    .option('--public-metadata <JSON>', 'An object that everybody may read.', jsonObject)
    .option('--private-metadata <JSON>', 'An object for servers only.', jsonObject)
    .option('--unsafe-metadata <JSON>', 'An object that the user may write.', jsonObject)

const fieldsOf = (flags: UserFlags) =>
  given({
    username: flags.username,
    firstName: flags.firstName,
    lastName: flags.lastName,
    externalId: flags.externalId,
    publicMetadata: flags.publicMetadata,
    privateMetadata: flags.privateMetadata,
    unsafeMetadata: flags.unsafeMetadata,
  })

const createCommand = () =>
  apiCommand<UserFlags & { readonly email?: readonly string[]; readonly phone?: readonly string[] }>({
    name: 'create',
    description: 'Make a user.',
    examples: '  mintmark users create --email ada@example.com --first-name Ada',
    shape: (command) =>
      void addFields(command)
        .option('--email <ADDRESS>', 'An email address. May be given again.', each)
        .option('--phone <NUMBER>', 'A phone number, such as +15555550100. May be given again.', each),
    async act({ mintmark, flags }) {
      const { email, phone } = flags
      const user = await mintmark.users.create({
        ...fieldsOf(flags),
        ...given({ emailAddress: email, phoneNumber: phone }),
      })
      return () => showUser(user)
    },
  })

const updateCommand = () =>
  apiCommand<UserFlags>({
    name: 'update',
    description: 'Change what is given; metadata is replaced as a whole.',
    shape: (command) => void addFields(addUser(command)),
    async act({ mintmark, args: [user], flags }) {
      const userId = await userIdOf(mintmark, user!)
      const updated = await mintmark.users.update({ userId, ...fieldsOf(flags) })
      return () => showUser(updated)
    },
  })

const deleteCommand = () =>
  apiCommand({
    name: 'delete',
    description: 'Delete a user.',
    destructive: true,
    shape: (command) => void addUser(command),
    async act({ mintmark, args: [user], confirm }) {
      const userId = await userIdOf(mintmark, user!)
      await confirm(`Delete the user ${user === userId ? userId : `${user} (${userId})`}?`)
      const { id: deleted } = await mintmark.users.delete({ userId })
      return () => print(`Deleted  ${deleted}`)
    },
  })

const nameOf = ({ firstName, lastName, username }: User): string =>
  plain([firstName, lastName].filter(Boolean).join(' ') || username)

const emailsOf = ({ emailAddresses }: User): string =>
  plain(emailAddresses.map(({ emailAddress }) => emailAddress).join(', '))

function showUser(user: User): void {
  showRecord({
    ID: user.id,
    Name: nameOf(user),
    Username: plain(user.username),
    Email: emailsOf(user),
    Phone: plain(user.phoneNumbers.map(({ phoneNumber }) => phoneNumber).join(', ')),
    'External ID': plain(user.externalId),
    'Public metadata': compact(user.publicMetadata),
    'Private metadata': compact(user.privateMetadata),
    'Unsafe metadata': compact(user.unsafeMetadata),
    Created: time(user.createdAt),
    Updated: time(user.updatedAt),
  })
}
