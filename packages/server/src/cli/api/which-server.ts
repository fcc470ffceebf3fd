/**
 * Which server a command calls, and with which keys. All of it comes from a data folder, or all of it from
 * variables that begin alike: a key is never sent to a server that somebody else named. Only with `--url`,
 * where a person names the server, may the keys have either name.
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
  type Prefix,
} from '../options.ts'
import { requireOwnServer } from './own-server.ts'

export interface Server {
  readonly url: string
  readonly secretKey: string | undefined
  readonly machineKey: string | undefined
  /** What to look at if the key is refused. */
  readonly keysFrom: string
  /** It runs on a data folder of this machine. */
  readonly isOwn: boolean
  /** How the variables begin in which a key would be found. */
  readonly prefix: Prefix
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
  const url = clientVariable('API_URL')
  if (url !== undefined && flags.instance !== undefined && (flags.data ?? flags.config) === undefined) {
    throw new CliError(
      `--instance chooses one of a data folder, and ${url.name} names a server by its address: name the folder with --data, or leave --instance out.`,
      2,
    )
  }
  if (ofFolder) return ofDataFolder(flags)
  if (url !== undefined) return ofEnvironment(checkUrl(url.value, url.name), [url.prefix])
  const atDefault = ofEnvironment(DEFAULT_URL, ['MINTMARK'])
  if (atDefault.secretKey ?? atDefault.machineKey) return atDefault
  if (namesFolder() || existsSync(DEV_DEFAULTS.data)) return ofDataFolder(flags)
  throw new CliError(
    'Nothing says which server: set MINTMARK_API_URL and MINTMARK_SECRET_KEY, or name a data folder with --data, or run the command where "mintmark dev" has its ./.mintmark.',
  )
}

/** Where `mintmark dev` listens. It is ours, so a key of Clerk's is not for it. */
const DEFAULT_URL = 'http://127.0.0.1:4100'

function ofEnvironment(url: string, prefixes?: readonly Prefix[]): Server {
  const secretKey = clientVariable('SECRET_KEY', prefixes)
  const machineKey = clientVariable('MACHINE_SECRET_KEY', prefixes)
  const names = [secretKey, machineKey].flatMap((variable) => (variable ? [variable.name] : []))
  return {
    url,
    secretKey: secretKey?.value,
    machineKey: machineKey?.value,
    keysFrom: names.join(' and '),
    isOwn: false,
    prefix: prefixes?.[0] ?? 'MINTMARK',
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
  const address = readAddress(config.data)
  if (address === null || address.localUrl === null) {
    throw new CliError(`The server of ${config.data} is starting or stopping. Try again in a moment.`)
  }
  const { url: publicUrl, localUrl } = address
  // With the server's own public URL, whatever the environment of this command says.
  return withAuthority({ ...config, publicUrl, migrate: false }, async (authority) => {
    const instance = await chooseInstance(authority, flags.instance)
    const key = await authority.deps.read.instances.newestSecretKey(instance.id)
    if (key === null) {
      throw new CliError('That instance has no secret key: "mintmark instances rotate-key" gives it one.')
    }
    await requireOwnServer(localUrl, authority, instance)
    return {
      url: localUrl,
      secretKey: instanceSecretOf(authority.deps.ring, key),
      machineKey: undefined,
      keysFrom: `the data folder ${config.data}`,
      isOwn: true,
      prefix: 'MINTMARK',
    }
  })
}

function startOf({ data }: Config): string {
  const folder = data === DEV_DEFAULTS.data ? '' : ` --data '${data}'`
  return existsSync(join(data, MASTER_KEY_FILE)) ? `mintmark dev${folder}` : `mintmark serve${folder}`
}
