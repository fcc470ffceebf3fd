/** The pages of `docs/reference/`, made from what the server itself runs on. */
import { createAuthority, type AuthorityPorts, type Policy } from '../../packages/server/src/authority.ts'
import { ERRORS } from '../../packages/server/src/core/errors.ts'
import type { Operation } from '../../packages/server/src/core/operation.ts'
import { millis } from '../../packages/server/src/core/time.ts'
import { toOpenApi } from '../../packages/server/src/http/openapi.ts'
import {
  flagOf,
  SETTING_NAMES,
  SETTINGS,
  variableOf,
  type SettingName,
} from '../../packages/server/src/server/settings.ts'
import { DEV_DEFAULTS } from '../../packages/server/src/cli/options.ts'
import { commandsOf, helpOf } from './command-line.ts'
import { sdkModels, type Document } from './sdk-models.ts'

/** @returns each page by its path from the root of the project */
export function referencePages(): Readonly<Record<string, string>> {
  const openApi = toOpenApi(operationsOfAuthority())
  return {
    'docs/reference/openapi.json': `${JSON.stringify(openApi, null, 2)}\n`,
    ...sdkModels(openApi as unknown as Document),
    'docs/reference/errors.md': errorsPage(),
    'docs/reference/configuration.md': configurationPage(),
    'docs/reference/cli.md': commandLinePage(),
  }
}

/** Binding a route asks nothing of a port, so an authority without any has all of its operations. */
export function operationsOfAuthority(): readonly Operation[] {
  const { routes } = createAuthority(NOTHING as AuthorityPorts, POLICY)
  return routes.map(({ operation }) => operation)
}

/** Answers whatever it is asked with itself. */
export const NOTHING: unknown = new Proxy({}, { get: () => NOTHING })

const POLICY: Policy = {
  publicUrl: 'http://127.0.0.1:4100',
  acceptUnknownUsers: false,
  machineJwtCategory: 'current',
  longestLifetime: null,
  rememberedSecrets: 0,
  clockSkew: millis(0),
  frontendUrl: null,
  testingTokensOnLive: false,
}

const MADE = '<!-- Made by `npm run docs`; `npm run check` compares. -->'

const page = (title: string, ...blocks: readonly string[]): string =>
  `${[`# ${title}`, MADE, ...blocks].join('\n\n')}\n`

const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  [titles, titles.map(() => '---'), ...rows]
    .map((row) => `| ${row.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`)
    .join('\n')

const code = (text: string): string => `\`${text}\``

const errorsPage = (): string =>
  page(
    'Errors',
    'An error answers with its status and a JSON object: `errors`, a list of one with `code`, `message`, `long_message` and sometimes `meta`; and `clerk_trace_id`, which the log has too. Programs should go by `code`; the texts below stand where nothing more exact can be said. `openapi.json` says which operation answers with which.',
    table(
      ['status', 'code', 'message', 'meaning'],
      Object.entries(ERRORS)
        .toSorted(([, one], [, other]) => one.status - other.status)
        .map(([name, { status, message, longMessage }]) => [
          String(status),
          code(name),
          message,
          longMessage,
        ]),
    ),
  )

function configurationPage(): string {
  const rows = SETTING_NAMES.map((name) => {
    const setting = SETTINGS[name]
    const secret = 'secret' in setting
    const placeholder = 'placeholder' in setting ? ` ${setting.placeholder}` : ''
    return [
      secret ? 'none: a command line is not secret' : code(`${flagOf(name)}${placeholder}`),
      code(variableOf(name)),
      code(name),
      defaultOf(name),
      setting.description,
    ]
  })
  return page(
    'Configuration',
    'Each setting may be given as a flag, as an environment variable or by its name in a JSON file that `--config FILE` or `MINTMARK_CONFIG` names. A flag wins over a variable, a variable over the file, the file over the default. A name or value that is not known stops the server at its start. The commands that work beside a server look for its data where `mintmark dev` keeps them.',
    table(['flag', 'variable', 'name in the file', 'default', 'meaning'], rows),
    '`mintmark config check` prints the values in force, without secrets.',
  )
}

function defaultOf(name: SettingName): string {
  const result = SETTINGS[name].schema.safeParse(undefined)
  const value = result.success ? show(result.data) : 'must be given'
  const forDev = (DEV_DEFAULTS as Readonly<Partial<Record<SettingName, unknown>>>)[name]
  return forDev === undefined ? value : `${value}; with \`mintmark dev\` ${show(forDev)}`
}

const show = (value: unknown): string =>
  value === null || value === '' || (Array.isArray(value) && value.length === 0)
    ? 'none'
    : code(JSON.stringify(value).replaceAll('"', ''))

const commandLinePage = (): string =>
  page(
    'Command line',
    'Data goes to stdout, messages to stderr. Exit codes: 0 done, 1 it could not be done, 2 the call itself was wrong.',
    ...commandsOf().flatMap(({ name, command }) => [`## ${name}`, `\`\`\`text\n${helpOf(command)}\n\`\`\``]),
  )
