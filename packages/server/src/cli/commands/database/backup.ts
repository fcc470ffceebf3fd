import {
  closeSync,
  createWriteStream,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { Writable } from 'node:stream'
import { Command } from 'commander'
import { requireDatabase } from '../../../server/data-folder.ts'
import { backup, type BackupSummary } from '../../../storage/transfer/backup.ts'
import type { Place } from '../../../storage/transfer/connection.ts'
import { VERSION } from '../../../version.ts'
import { CliError } from '../../cli-error.ts'
import { addConfigFile, addJson, addSettings, configOf, DEV_DEFAULTS } from '../../options.ts'
import { printJson, printRecord, requireReader, say, unwritable } from '../../output.ts'
import { whileInterruptible } from '../../transfer/interrupt.ts'
import { nameOf, placeOf } from '../../transfer/place.ts'
import { startProgress } from '../../transfer/progress.ts'

export function backupCommand(): Command {
  const command = new Command('backup')
    .description('Write everything that is kept to one file, whether a server runs or not.')
    .argument('<file>', 'A file that is not there yet, or - for stdout.')
    .addHelpText(
      'after',
      '\nThe database is that of --data, or of MINTMARK_DATABASE_URL if that is set. The\nfile is compressed, and fits either. It opens nothing without the master key,\nwhich is not in it: keep that elsewhere.\n\n  mintmark backup tokens.backup --data ./data\n  set -o pipefail\n  mintmark backup - --data ./data | ssh vault "cat > x.part" &&\n    ssh vault "mv x.part tokens.backup"\n\nWhat is revoked later is not in it: see "mintmark audit export --help".',
    )
  return addConfigFile(addJson(addSettings(command, ['data'], DEV_DEFAULTS))).action(
    async (file: string, flags: Readonly<Record<string, unknown>>) => {
      const place = placeOf(configOf(flags, DEV_DEFAULTS))
      if (place.kind === 'sqlite') requireDatabase(place.folder)
      if (file === '-') {
        const summary = await writeToStdout(place)
        return say(`Backed up ${rowsOf(summary)} rows of ${nameOf(place)}.`)
      }
      const summary = await writeFile(place, file)
      if (flags.json) return printJson(toJson(file, place, summary))
      printRecord([
        ['Backup', file],
        ['Database', nameOf(place)],
        ['Of', new Date(summary.header.createdAt).toISOString()],
        ['Rows', String(rowsOf(summary))],
        ['Last audit event', String(summary.header.lastAuditNumber)],
      ])
    },
  )
}

/** Without the columns of each table, which are for those who read the file. */
function toJson(file: string, place: Place, { header, tables }: BackupSummary): unknown {
  const { schema: _schema, ...rest } = header
  return { file, database: nameOf(place), ...rest, tables }
}

const rowsOf = ({ tables }: BackupSummary): number =>
  Object.values(tables).reduce((sum, { rows }) => sum + rows, 0)

async function write(place: Place, sink: Writable): Promise<BackupSummary> {
  const progress = startProgress()
  try {
    const onProgress = progress && ((done: number, total: number) => progress.show('Backing up', done, total))
    return await backup(place, sink, { release: VERSION, onProgress })
  } finally {
    progress?.end()
  }
}

async function writeToStdout(place: Place): Promise<BackupSummary> {
  if (process.stdout.isTTY) {
    throw new CliError('A backup is not for a terminal: send stdout to a file or a program.', 2)
  }
  requireReader('backup')
  try {
    return await write(place, toStdout())
  } catch (error) {
    const { syscall } = error as NodeJS.ErrnoException
    throw syscall === 'write' ? new CliError(unwritable(error as Error), 1, { cause: error }) : error
  }
}

const STDOUT = 1

/** Stdout is not ours to close. */
function toStdout(): Writable {
  // What Node has for a file does not look how much of a chunk a disk has taken that is nearly full.
  if (fstatSync(STDOUT).isFile()) return createWriteStream('', { fd: STDOUT, autoClose: false })
  return new Writable({
    write: (chunk: Uint8Array, _encoding, done) => void process.stdout.write(chunk, done),
  })
}

/** Under a name of its own until it is whole and on the disk. */
async function writeFile(place: Place, file: string): Promise<BackupSummary> {
  refuseExisting(file)
  const unfinished = `${file}.${process.pid}.part`
  const discard = () => rmSync(unfinished, { force: true })
  const onInterrupt = () => {
    discard()
    return 'Interrupted. Nothing was kept.'
  }
  try {
    // At once: what a stream opens later may be there after it was removed.
    const sink = createWriteStream(unfinished, { fd: openSync(unfinished, 'wx', 0o600), flush: true })
    const summary = await whileInterruptible(onInterrupt, () => write(place, sink)).finally(() =>
      sink.destroy(),
    )
    refuseExisting(file)
    renameSync(unfinished, file)
    syncFolder(dirname(file))
    return summary
  } catch (error) {
    discard()
    const { syscall, code } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    throw new CliError(`${file} cannot be written (${code}).`, 1, { cause: error })
  }
}

function refuseExisting(file: string): void {
  if (existsSync(file)) throw new CliError(`${file} is there already, and nothing is overwritten.`)
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
