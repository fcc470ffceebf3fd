import { statSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { systemClock } from '../../../core/time.ts'
import { withDatabase } from '../../../server/open-storage.ts'
import type { Config } from '../../../server/settings.ts'
import { migrationState } from '../../../storage/migrations/migrate.ts'
import { DATABASE_FILE } from '../../../storage/sqlite.ts'
import { StorageError } from '../../../storage/storage-error.ts'
import {
  readStatistics,
  TOKEN_KINDS,
  type Counts,
  type Statistics,
  type TokenKind,
} from '../../../storage/statistics.ts'
import { addConfigFile, addJson, addSettings, configOf, DEV_DEFAULTS } from '../../options.ts'
import { print, printJson, printRecord, printTable } from '../../output.ts'

export function statsCommand(): Command {
  const command = new Command('stats').description(
    'Count what is in the database, beside a running server too. Everything is looked at: ten million tokens take seconds.',
  )
  return addConfigFile(addJson(addSettings(command, ['data'], DEV_DEFAULTS))).action(
    async (flags: Readonly<Record<string, unknown>>) => {
      const config = configOf(flags, DEV_DEFAULTS)
      const statistics = await withDatabase(config, true, async (connection) => {
        const { pending } = await migrationState(connection)
        if (pending.length > 0) {
          throw new StorageError(
            `The database needs ${pending.length} migration(s). Run "mintmark migrate" first.`,
          )
        }
        return readStatistics(connection, systemClock.now())
      })
      const log = logBytes(config)
      if (flags.json) printJson({ ...statistics, size: { ...statistics.size, log } })
      else show(statistics, log)
    },
  )
}

/** The write-ahead log beside the file, in bytes; `null` where there is no such thing. */
function logBytes({ data, databaseUrl }: Config): number | null {
  if (databaseUrl !== null) return null
  return statSync(join(data, `${DATABASE_FILE}-wal`), { throwIfNoEntry: false })?.size ?? 0
}

function show({ total, instances, size }: Statistics, log: number | null): void {
  showTokens(total, instances)
  print('')
  printTable(
    ['INSTANCE', 'NAME', 'MACHINES', 'USERS', 'AUDIT EVENTS', 'OLDEST LIVE M2M TOKEN'],
    [...instances, { ...total, id: 'all', name: '' }].map((counts) => [
      counts.id,
      counts.name,
      String(counts.machines),
      String(counts.users),
      String(counts.auditEvents),
      counts.oldestLive === null ? '-' : new Date(counts.oldestLive).toISOString(),
    ]),
    ['OLDEST LIVE M2M TOKEN', 'NAME'],
  )
  print('')
  printRecord([
    ['Database', inMegabytes(size.bytes)],
    ...(log === null ? [] : [['Write-ahead log', inMegabytes(log)] as const]),
    ...(size.reusable === null ? [] : [['Free for new rows', inMegabytes(size.reusable)] as const]),
    ...size.tables.map(({ name, bytes }) => [name, inMegabytes(bytes)] as const),
  ])
}

const TITLES: Readonly<Record<TokenKind, string>> = {
  m2mOpaque: 'M2M, opaque',
  m2mJwt: 'M2M, JWT',
  actor: 'actor',
  testing: 'testing',
}

function showTokens(total: Counts, instances: Statistics['instances']): void {
  const rows = [...instances, { ...total, id: 'all' }].flatMap(({ id, tokens }) =>
    TOKEN_KINDS.map((kind) => {
      const { live, expired, revoked } = tokens[kind]
      return [id, TITLES[kind], String(live), String(expired), String(revoked)]
    }),
  )
  printTable(['INSTANCE', 'TOKENS', 'LIVE', 'EXPIRED', 'REVOKED'], rows)
}

const inMegabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`
