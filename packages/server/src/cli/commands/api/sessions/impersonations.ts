import type { Impersonation } from '@mintmark/sdk'
import { Option, type Command } from 'commander'
import { addPage, apiCommand, type PageFlags } from '../../../api/api-command.ts'
import { actorOf, plain, showPage, showRecord, state, time } from '../../../api/show.ts'
import { idOrEmail, userIdOf } from '../../../api/user-named.ts'
import { given, id } from '../../../values.ts'

const STATUSES = ['pending', 'accepted', 'revoked'] as const

interface ListFlags extends PageFlags {
  readonly user?: string
  readonly status?: (typeof STATUSES)[number]
}

export const listCommand = (): Command =>
  apiCommand<ListFlags>({
    name: 'list',
    description:
      'List impersonations, newest first: links that wait, sessions under way and those that are over.',
    shape: (command) =>
      void addPage(command)
        .option('--user <USER>', 'Only as this user: an id or an email address.', idOrEmail)
        .addOption(new Option('--status <STATUS>', 'Only those whose link is so.').choices(STATUSES)),
    async act({ mintmark, flags: { limit, offset, user, status } }) {
      const userId = user === undefined ? undefined : await userIdOf(mintmark, user)
      const page = await mintmark.actorTokens.list({ limit, offset, ...given({ userId, status }) })
      return () =>
        showPage(
          page,
          offset,
          [
            ['ID', (each) => each.id],
            ['USER', ({ userId: as }) => as],
            ['ACTOR', ({ actor }) => actorOf(actor)],
            ['REASON', ({ reason }) => plain(reason)],
            ['STATE', (each) => state(stateOf(each))],
            ['STARTED', (each) => startOf(each)],
          ],
          ['REASON', 'STARTED', 'USER'],
        )
    },
  })

export const endCommand = (): Command =>
  apiCommand<{ readonly reason?: string }>({
    name: 'end',
    description: 'End an impersonation, at once and for good: its link, and its session. It does not ask.',
    notFound: 'No impersonation has that id: "mintmark impersonate list" shows them.',
    shape: (command) =>
      void command
        .argument('<ID>', 'The id of the impersonation, act_….', id)
        .option('--reason <TEXT>', 'Why, for the audit log.'),
    async act({ mintmark, flags: { reason }, args: [actorTokenId] }) {
      const ended = await mintmark.actorTokens.end({ actorTokenId: actorTokenId!, ...given({ reason }) })
      return () => showImpersonation(ended)
    },
  })

function showImpersonation(each: Impersonation): void {
  const { session, ticket, permissions } = each
  showRecord({
    ID: each.id,
    State: state(stateOf(each)),
    User: each.userId,
    Actor: actorOf(each.actor),
    Reason: plain(each.reason),
    Ticket: ticket === null ? null : plain(ticket),
    Permissions: permissions === null ? null : plain(permissions.join(', ')),
    Session: plain(session?.id),
    Started: startOf(each),
    Created: time(each.createdAt),
  })
}

/** Of the session, once there is one; before that of the link. */
function stateOf({ session, status, expiresAt }: Impersonation): string {
  if (session !== null) return session.status
  if (status === 'accepted') return 'used'
  return status === 'pending' && expiresAt <= Date.now() ? 'expired' : status
}

const startOf = ({ session }: Impersonation): string => (session === null ? '-' : time(session.createdAt))
