/** Settings as flags of a command, and the configuration they give with the environment and the file. */
import { InvalidArgumentError, Option, type Command } from 'commander'
import type { z } from 'zod'
import { readConfig } from '../server/config.ts'
import { flagOf, SETTINGS, type Config, type SettingName } from '../server/settings.ts'

type Defaults = Readonly<Partial<Record<SettingName, unknown>>>

/** @param defaults what the command takes where nobody says otherwise, for its help */
export function addSettings(
  command: Command,
  names: readonly SettingName[],
  defaults: Defaults = {},
  group?: string,
): Command {
  for (const name of names) {
    const setting = SETTINGS[name]
    // A secret on a command line would be in the process list and the shell's history.
    if ('secret' in setting) continue
    const value = 'placeholder' in setting ? `<${setting.placeholder}>` : '[true|false]'
    const option = new Option(
      `${flagOf(name)} ${value}`,
      `${setting.description}${shownDefault(name, defaults)}`,
    )
    option.argParser((text) => checkSetting(name, text))
    if (group !== undefined) option.helpGroup(group)
    command.addOption(option)
  }
  return command
}

const LONGEST_DEFAULT = 40

function shownDefault(name: SettingName, defaults: Defaults): string {
  const { data } = SETTINGS[name].schema.safeParse(defaults[name])
  const isNothing =
    data === undefined || data === null || data === '' || (Array.isArray(data) && !data.length)
  const text = String(data)
  // The description says what it is, where it is too long for a line of help.
  return isNothing || text.length > LONGEST_DEFAULT ? '' : ` (default: ${text})`
}

/** The text as it came: `readConfig` reads it, together with what has no flags. */
function checkSetting(name: SettingName, text: string): string {
  const { error } = SETTINGS[name].schema.safeParse(text)
  const [issue] = error?.issues ?? []
  if (issue === undefined) return text
  if (issue.code === 'invalid_value') {
    throw new InvalidArgumentError(`Allowed are ${issue.values.join(', ')}.`)
  }
  if (issue.code === 'too_big') throw new InvalidArgumentError(`The most is ${issue.maximum}.`)
  if (issue.code === 'too_small' && issue.origin !== 'string') {
    throw new InvalidArgumentError(`The least is ${issue.minimum}.`)
  }
  throw new InvalidArgumentError(
    `${isNumber(issue) ? 'It must be a whole number. ' : ''}${SETTINGS[name].description}`,
  )
}

/** Text or JSON's own type is read: a number where either may be one. */
const isNumber = (issue: z.core.$ZodIssue): boolean =>
  issue.code === 'invalid_union' &&
  issue.errors.flat().some((each) => each.code === 'invalid_type' && each.expected === 'number')

export const addConfigFile = (command: Command, group?: string): Command => {
  const option = new Option(
    '--config <FILE>',
    'JSON file with settings by name; MINTMARK_CONFIG names one too.',
  )
  return command.addOption(group === undefined ? option : option.helpGroup(group))
}

export const addJson = (command: Command): Command => command.option('--json', 'Print JSON.')

/** What `dev` does where nobody says otherwise. */
export const DEV_DEFAULTS = { data: './.mintmark', acceptUnknownUsers: true } as const

/** @throws {ConfigError} */
export function configOf(flags: Readonly<Record<string, unknown>>, defaults: Defaults = {}): Config {
  const file = (flags.config as string | undefined) ?? process.env.MINTMARK_CONFIG ?? null
  return readConfig({ flags, environment: process.env, file, defaults })
}

/** Whether the environment says which data folder is meant. */
export const namesFolder = (): boolean =>
  Boolean(process.env.MINTMARK_DATA) || Boolean(process.env.MINTMARK_CONFIG)

/** How the names of variables begin that clients read: ours, and Clerk's. */
export type Prefix = 'MINTMARK' | 'CLERK'

const PREFIXES: readonly Prefix[] = ['MINTMARK', 'CLERK']

export interface ClientVariable {
  readonly name: string
  readonly value: string
  readonly prefix: Prefix
}

/** @param prefixes with which the name may begin, the first that is set wins */
export const clientVariable = (
  name: 'API_URL' | 'SECRET_KEY' | 'MACHINE_SECRET_KEY',
  prefixes: readonly Prefix[] = PREFIXES,
): ClientVariable | undefined =>
  prefixes
    .map((prefix) => ({
      prefix,
      name: `${prefix}_${name}`,
      value: process.env[`${prefix}_${name}`] ?? '',
    }))
    .find(({ value }) => value !== '')
