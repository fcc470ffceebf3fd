import { Command } from 'commander'
import { showConfig } from '../../server/config.ts'
import { readMasterKeys } from '../../server/data-folder.ts'
import { SETTING_NAMES, variableOf, type SettingName } from '../../server/settings.ts'
import { createAddressOf } from '../../server/client-address.ts'
import { addConfigFile, addJson, addSettings, configOf } from '../options.ts'
import { printJson, printTable } from '../output.ts'

export function configCommand(): Command {
  const check = new Command('check').description(
    'Check the configuration of "mintmark serve" and print the values in force, without secrets.',
  )
  addConfigFile(addJson(addSettings(check, SETTING_NAMES))).action(
    (flags: Readonly<Record<string, unknown>>) => {
      const config = configOf(flags)
      readMasterKeys(config)
      createAddressOf(config.trustedProxies)
      const shown = showConfig(config)
      if (flags.json) return printJson(shown)
      printTable(
        ['SETTING', 'VARIABLE', 'VALUE'],
        Object.entries(shown).map(([name, value]) => [name, variableOf(name as SettingName), show(value)]),
      )
    },
  )
  return new Command('config').description('Look at the configuration.').addCommand(check)
}

const show = (value: unknown): string =>
  value === null || value === '' || (Array.isArray(value) && value.length === 0)
    ? '-'
    : Array.isArray(value)
      ? value.join(',')
      : typeof value === 'string'
        ? value
        : JSON.stringify(value)
