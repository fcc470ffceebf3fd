import { setTimeout as sleep } from 'node:timers/promises'
import { Command, Option } from 'commander'
import type { RecordedAuditEvent } from '../../audit/audit-event.ts'
import { requireDatabase } from '../../server/data-folder.ts'
import { exportAudit } from '../../storage/transfer/audit-export.ts'
import { placeOf } from '../transfer/place.ts'
import { withAuthority } from '../open-folder.ts'
import { addConfigFile, addJson, addSettings, configOf, DEV_DEFAULTS } from '../options.ts'
import { instant, wholeNumber } from '../values.ts'
import { print, printJsonLine, requireReader } from '../output.ts'

export function auditCommand(): Command {
  return new Command('audit')
    .description('Read the audit log: one event for each state change.')
    .addCommand(tailCommand())
    .addCommand(exportCommand())
}

const POLL_MS = 500

function tailCommand(): Command {
  const command = new Command('tail')
    .description('Print the newest events, oldest first.')
    .option('-n, --lines <COUNT>', 'How many.', wholeNumber, 20)
    // What the lists of the API call it.
    .addOption(new Option('--limit <COUNT>').argParser(wholeNumber).hideHelp())
    .option('-f, --follow', 'Go on printing events as they come, until Ctrl-C.')
  return addConfigFile(addJson(addSettings(command, ['data', 'masterKeyFile'], DEV_DEFAULTS))).action(
    async (flags: Readonly<Record<string, unknown>>) => {
      const show = flags.json ? printJsonLine : (event: RecordedAuditEvent) => print(toLine(event))
      await withAuthority({ ...configOf(flags, DEV_DEFAULTS), migrate: false }, async ({ storage }) => {
        const { audit } = storage.read
        const lines = (flags.limit ?? flags.lines) as number
        let last = 0
        const showAll = (events: readonly RecordedAuditEvent[]) => {
          events.forEach(show)
          last = events.at(-1)?.number ?? last
        }
        const newest = await audit.newest(Math.max(1, lines))
        last = newest.at(-1)?.number ?? 0
        if (lines !== 0) showAll(newest)
        const stop = new AbortController()
        process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort())
        while (flags.follow && !stop.signal.aborted) {
          await sleep(POLL_MS, undefined, { signal: stop.signal }).catch(() => {})
          showAll(await audit.after(last, 1_000))
        }
      })
    },
  )
}

function exportCommand(): Command {
  const command = new Command('export')
    .description(
      'Print all events as JSON, one a line, oldest first: the journal that "mintmark restore" takes.',
    )
    .option('--since <TIME>', 'Only those of a minute before that time and later.', instant)
    .addHelpText(
      'after',
      '\nIt must reach back to before the backup. Exports may overlap: what is there\ntwice counts once. A time is 2026-11-22T03:00:00Z, a day, or 1h: an hour ago.\n\n  mintmark audit export --since 2026-11-22T03:00:00Z >> journal.jsonl',
    )
  return addConfigFile(addSettings(command, ['data'], DEV_DEFAULTS)).action(
    async (flags: Readonly<Record<string, unknown>>) => {
      const place = placeOf(configOf(flags, DEV_DEFAULTS))
      if (place.kind === 'sqlite') requireDatabase(place.folder)
      requireReader('journal')
      await exportAudit(place, (flags.since as number | undefined) ?? null, printJsonLine)
    },
  )
}

function toLine(event: RecordedAuditEvent): string {
  const who = event.callerId === null ? event.callerKind : `${event.callerKind} ${event.callerId}`
  const why = event.reason === null ? '' : `  (${event.reason})`
  return `${new Date(event.at).toISOString()}  ${event.action}  ${event.targetId}  by ${who}  from ${event.address ?? '-'}${why}`
}
