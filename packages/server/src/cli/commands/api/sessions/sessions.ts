import type { Session } from '@mintmark/sdk'
import { Command, Option } from 'commander'
import { addPage, apiCommand, type PageFlags } from '../../../api/api-command.ts'
import { actorOf, compact, plain, showPage, showRecord, state, time } from '../../../api/show.ts'
import { idOrEmail, userIdOf } from '../../../api/user-named.ts'
import { given, id } from '../../../values.ts'

export function sessionsCommand(): Command {
  return new Command('sessions')
    .description('Sessions: who is signed in, and who acts as whom.')
    .addCommand(listCommand())
    .addCommand(revokeCommand())
}

const STATUSES = ['active', 'revoked', 'ended', 'expired', 'removed', 'abandoned', 'replaced'] as const

interface ListFlags extends PageFlags {
  readonly user?: string
  readonly status?: (typeof STATUSES)[number]
}

const listCommand = () =>
  apiCommand<ListFlags>({
    name: 'list',
    description: 'List sessions, newest first.',
    shape: (command) =>
      void addPage(command)
        .option('--user <USER>', 'Only of this user: an id or an email address.', idOrEmail)
        .addOption(new Option('--status <STATUS>', 'Only those that are so.').choices(STATUSES)),
    async act({ mintmark, flags: { limit, offset, user, status } }) {
      const userId = user === undefined ? undefined : await userIdOf(mintmark, user)
      const page = await mintmark.sessions.list({ limit, offset, ...given({ userId, status }) })
      return () =>
        showPage(
          page,
          offset,
          [
            ['ID', (session) => session.id],
            ['USER', (session) => session.userId],
            ['ACTOR', ({ actor }) => (actor === null ? '-' : actorOf(actor))],
            ['STATE', (session) => state(session.status)],
            ['LAST ACTIVE', ({ lastActiveAt }) => time(lastActiveAt)],
            ['ENDS', ({ expireAt }) => time(expireAt)],
          ],
          ['ENDS', 'LAST ACTIVE', 'ACTOR'],
        )
    },
  })

const revokeCommand = () =>
  apiCommand({
    name: 'revoke',
    description:
      'End a session, at once and for good. It does not ask. Its last token is good until it ends, 60 seconds at most, for who only looks at its signature.',
    notFound: 'No session has that id: "mintmark sessions list" shows them.',
    shape: (command) => void command.argument('<ID>', 'The id of the session, sess_….', id),
    async act({ mintmark, args: [sessionId] }) {
      const session = await mintmark.sessions.revoke({ sessionId: sessionId! })
      return () => showSession(session)
    },
  })

function showSession(session: Session): void {
  showRecord({
    ID: session.id,
    State: state(session.status),
    User: plain(session.userId),
    Actor: session.actor === null ? null : compact(session.actor),
    Address: plain(session.latestActivity.ipAddress),
    'Last active': time(session.lastActiveAt),
    Ends: time(session.expireAt),
    Created: time(session.createdAt),
  })
}
