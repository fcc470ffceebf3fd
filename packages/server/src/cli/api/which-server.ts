/**
 * Which server a command calls, and with which keys. Either all of it comes from the environment or all of
 * it from a data folder: a key is never sent to a server that somebody else named.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Option, type Command } from 'commander'
import { instanceSecretOf } from '../../directory/instances/secret-keys.ts'
import { isInUse, MASTER_KEY_FILE, readAddress, requireDatabase } from '../../server/data-folder.ts'
import type { Config } from '../../server/settings.ts'
import { CliError } from '../cli-error.ts'
import { chooseInstance, withAuthority } from '../open-folder.ts'
import {
  addConfigFile,
  addSettings,
  clientVariable,
  configOf,
  DEV_DEFAULTS,
  namesFolder,
} from '../options.ts'

export interface Server {
  readonly url: string
  readonly secretKey: string | undefined
  readonly machineKey: string | undefined
  /** What to look at if the key is refused. */
  readonly keysFrom: string
}

export interface ServerFlags {
  readonly url?: string
  readonly data?: string
  readonly instance?: string
  readonly masterKeyFile?: string
  readonly config?: string
}

const GROUP = 'Which server (default: that of the environment, else that of ./.mintmark):'
const OF_FOLDER = ['data', 'instance', 'masterKeyFile', 'config'] as const

export function addServerFlags(command: Command): Command {
  command.addOption(
    new Option('--url <URL>', 'Address of the server. The keys come from the environment.').helpGroup(GROUP),
  )
  const instance = new Option('--instance <ID>', 'Id or name of the instance, where there are several.')
  addSettings(command, ['data'], {}, GROUP).addOption(instance.helpGroup(GROUP))
  return addConfigFile(addSettings(command, ['masterKeyFile'], {}, GROUP), GROUP)
}

/** @throws {CliError} if nothing says which, or it is a data folder whose server does not run */
export async function whichServer(flags: ServerFlags): Promise<Server> {
  const ofFolder = OF_FOLDER.some((name) => flags[name] !== undefined)
  if (flags.url !== undefined && ofFolder) {
    throw new CliError('--url names a server by its address, the other flags by its data folder: use one.', 2)
  }
  if (flags.url !== undefined) return ofEnvironment(checkUrl(flags.url, '--url'))
  if (ofFolder) return ofDataFolder(flags)
  const url = clientVariable('API_URL')
  if (url !== undefined) return ofEnvironment(checkUrl(url.value, url.name))
  if (clientVariable('SECRET_KEY') ?? clientVariable('MACHINE_SECRET_KEY')) return ofEnvironment(DEFAULT_URL)
  if (namesFolder() || existsSync(DEV_DEFAULTS.data)) return ofDataFolder(flags)
  throw new CliError(
    'Nothing says which server: set MINTMARK_API_URL and MINTMARK_SECRET_KEY, or name a data folder with --data, or run the command where "mintmark dev" has its ./.mintmark.',
  )
}

/** Where `mintmark dev` listens. */
const DEFAULT_URL = 'http://127.0.0.1:4100'

function ofEnvironment(url: string): Server {
  const secretKey = clientVariable('SECRET_KEY')
  const machineKey = clientVariable('MACHINE_SECRET_KEY')
  const names = [secretKey, machineKey].flatMap((variable) => (variable ? [variable.name] : []))
  return {
    url,
    secretKey: secretKey?.value,
    machineKey: machineKey?.value,
    keysFrom: names.join(' and '),
  }
}

function checkUrl(text: string, from: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const isServer = url !== null && /^https?:$/.test(url.protocol) && url.search + url.hash === ''
  if (isServer && url.username + url.password === '') return text
  throw new CliError(`${from} must be an address such as https://tokens.example.com, without a key in it.`, 2)
}

async function ofDataFolder(flags: ServerFlags): Promise<Server> {
  const config = configOf({ ...flags }, DEV_DEFAULTS)
  requireDatabase(config.data)
  // Otherwise the key would be sent to whatever program has the port now.
  if (!isInUse(config.data)) {
    throw new CliError(
      `The server of ${config.data} is not running. Start it, then try again: ${startOf(config)}`,
    )
  }
  return withAuthority({ ...config, migrate: false }, async (authority, publicUrl) => {
    const instance = await chooseInstance(authority, flags.instance)
    const key = await authority.deps.read.instances.newestSecretKey(instance.id)
    if (key === null) {
      throw new CliError('That instance has no secret key: "mintmark instances rotate-key" gives it one.')
    }
    return {
      url: readAddress(config.data)?.localUrl ?? publicUrl,
      secretKey: instanceSecretOf(authority.deps.ring, key),
      machineKey: undefined,
      keysFrom: `the data folder ${config.data}`,
    }
  })
}

function startOf({ data }: Config): string {
  const folder = data === DEV_DEFAULTS.data ? '' : ` --data '${data}'`
  return existsSync(join(data, MASTER_KEY_FILE)) ? `mintmark dev${folder}` : `mintmark serve${folder}`
}
