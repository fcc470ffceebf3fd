/** Which store is meant: a data folder or a database, and for whoever fills one, an empty one that is theirs alone. */
import { resolve } from 'node:path'
import { requireDatabase, takeDataFolder } from '../../server/data-folder.ts'
import type { Config } from '../../server/settings.ts'
import type { Place } from '../../storage/transfer/connection.ts'
import { CliError } from '../cli-error.ts'

/** The store of a server with these settings; never through a pooler, which has no sessions. */
export const placeOf = ({ data, databaseUrl, databaseDirectUrl }: Config): Place =>
  databaseUrl === null
    ? { kind: 'sqlite', folder: data }
    : { kind: 'postgres', url: databaseDirectUrl ?? databaseUrl }

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

/**
 * Has nobody else use the folder while something is filled or must not change. A database has no such lock.
 *
 * @param make whether the folder need not be there
 * @throws {StorageError} if a server uses it
 */
export async function whileAlone<T>(place: Place, make: boolean, work: () => Promise<T>): Promise<T> {
  if (place.kind === 'postgres') return work()
  if (!make) requireDatabase(place.folder)
  const lock = takeDataFolder(place.folder)
  try {
    return await work()
  } finally {
    lock.release()
  }
}
