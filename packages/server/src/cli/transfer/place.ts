/** Which store is meant: a data folder or a database, and for whoever fills one, an empty one that is theirs alone. */
import { existsSync, rmdirSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { LOCK_FILE, requireDatabase, takeDataFolder } from '../../server/data-folder.ts'
import type { Config } from '../../server/settings.ts'
import { DATABASE_FILE } from '../../storage/sqlite.ts'
import type { Place } from '../../storage/transfer/connection.ts'
import { onSide, type Side } from '../../storage/transfer/copy.ts'
import { CliError } from '../cli-error.ts'

/** The store of a server with these settings; never through a pooler, which has no sessions. */
export const placeOf = ({ data, databaseUrl, databaseDirectUrl }: Config): Place =>
  databaseUrl === null
    ? { kind: 'sqlite', folder: data }
    : { kind: 'postgres', url: databaseDirectUrl ?? databaseUrl }

/** What a person calls it: the folder, or the URL without its password and its parameters. */
export function nameOf(place: Place): string {
  if (place.kind === 'sqlite') return resolve(place.folder)
  const [, user, where] = /^postgres(?:ql)?:\/\/(?:([^@/?#:]*)[^@/?#]*@)?([^?#]*)/.exec(place.url) ?? []
  return `postgres://${user === undefined ? '' : `${user}@`}${where ?? ''}`
}

const HOW_TO_WRITE =
  'must be sqlite: and a data folder, a postgres:// URL, or env: and the name of a variable that has one of them'

/**
 * What a flag says. It is never repeated in a message: there may be a password in it.
 *
 * @throws {CliError} if it is none
 */
export function readPlace(flag: string, text: string): Place {
  const variable = /^env:(\w+)$/.exec(text)?.[1]
  if (variable === undefined) return parsePlace(flag, text)
  // oxlint-disable-next-line node/no-process-env -- the user has named it
  const value = process.env[variable]
  if (value === undefined || value === '') throw new CliError(`${flag}: ${variable} is not set.`, 2)
  return parsePlace(`${flag} (${variable})`, value)
}

function parsePlace(flag: string, text: string): Place {
  const folder = /^sqlite:(.+)$/.exec(text)?.[1]
  if (folder !== undefined) return { kind: 'sqlite', folder }
  if (/^postgres(?:ql)?:\/\/./.test(text)) return { kind: 'postgres', url: text }
  throw new CliError(`${flag} ${HOW_TO_WRITE}.`, 2)
}

export const isSamePlace = (one: Place, other: Place): boolean =>
  one.kind === 'sqlite'
    ? other.kind === 'sqlite' && resolve(one.folder) === resolve(other.folder)
    : other.kind === 'postgres' && one.url === other.url

export interface Alone {
  /** Whether the folder need not be there. */
  readonly make: boolean
  /** Which side of a copy it is. */
  readonly side?: Side
}

/**
 * Has nobody else use the folder while something is filled or must not change. A database has no such lock. What
 * was made for it and has no database in the end is removed, also where the process is ended meanwhile.
 *
 * @throws {StorageError} if a server uses it
 */
export async function whileAlone<T>(place: Place, { make, side }: Alone, work: () => Promise<T>): Promise<T> {
  if (place.kind === 'postgres') return work()
  const take = async () => takeFolder(place.folder, make)
  const { release } = await (side === undefined ? take() : onSide(side, take))
  process.once('exit', release)
  try {
    return await work()
  } finally {
    process.off('exit', release)
    release()
  }
}

/** As the lock of a data folder is called. */

function takeFolder(folder: string, make: boolean): { release(): void } {
  if (!make) requireDatabase(folder)
  const missing = missingFolders(resolve(folder))
  const isNew = !existsSync(join(folder, LOCK_FILE))
  const lock = takeDataFolder(folder)
  return {
    release() {
      const isEmpty = !existsSync(join(folder, DATABASE_FILE))
      // Before it is let go: nobody else can have it yet.
      if (isNew && isEmpty) rmSync(join(folder, LOCK_FILE), { force: true })
      lock.release()
      if (isEmpty) missing.forEach(removeIfEmpty)
    },
  }
}

/** @returns the folder and those it is in, as far as they are not there, the innermost first */
function missingFolders(folder: string): readonly string[] {
  return existsSync(folder) || dirname(folder) === folder ? [] : [folder, ...missingFolders(dirname(folder))]
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // Somebody has put something there, and it is theirs.
  }
}
