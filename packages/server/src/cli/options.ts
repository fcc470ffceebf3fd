/** Settings as flags of a command, and the configuration they give with the environment and the file. */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { readConfig } from '../server/config.ts'
import { flagOf, SETTINGS, type Config, type SettingName } from '../server/settings.ts'

export function addSettings(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) {
    const setting = SETTINGS[name]
    // A secret on a command line would be in the process list and the shell's history.
    if ('secret' in setting) continue
    const value = 'placeholder' in setting ? `<${setting.placeholder}>` : '[true|false]'
    const option = new Option(`${flagOf(name)} ${value}`, setting.description)
    if (!('placeholder' in setting)) option.preset('true')
    command.addOption(option)
  }
  return command
}

export const addConfigFile = (command: Command): Command =>
  command.option('--config <FILE>', 'JSON file with settings by name; MINTMARK_CONFIG names one too.')

export const addJson = (command: Command): Command => command.option('--json', 'Print JSON.')

/** What `dev` does where nobody says otherwise. */
export const DEV_DEFAULTS = { data: './.mintmark', acceptUnknownUsers: true } as const

/** @throws {ConfigError} */
export const configOf = (
  flags: Readonly<Record<string, unknown>>,
  defaults: Readonly<Partial<Record<SettingName, unknown>>> = {},
): Config =>
  readConfig({
    flags,
    environment: process.env,
    file: (flags.config as string | undefined) ?? process.env.MINTMARK_CONFIG ?? null,
    defaults,
  })

/** A flag's whole number. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}
