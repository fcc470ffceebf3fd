/** The only reader of the environment. Flags win over variables, variables over the file, the file over defaults. */
import { readFileSync } from 'node:fs'
import { flagOf, SETTING_NAMES, SETTINGS, variableOf, type Config, type SettingName } from './settings.ts'

/** Something the operator has to put right; the message is one sentence that says what. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export interface ConfigSources {
  readonly flags: Readonly<Record<string, unknown>>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Path of a JSON file with settings by name. */
  readonly file: string | null
  /** What the command sets where nobody else has. */
  readonly defaults?: Readonly<Partial<Record<SettingName, unknown>>>
}

/**
 * Names in the environment that begin like ours and are not settings: `mintmark env` prints them for
 * clients, and `MINTMARK_CONFIG` names the file itself.
 */
const NOT_SETTINGS = new Set([
  'MINTMARK_CONFIG',
  'MINTMARK_API_URL',
  'MINTMARK_SECRET_KEY',
  'MINTMARK_MACHINE_SECRET_KEY',
  'MINTMARK_API_MACHINE_SECRET_KEY',
  'MINTMARK_API_MACHINE_ID',
  'MINTMARK_WORKER_MACHINE_ID',
  'MINTMARK_INSTANCE_ID',
  'MINTMARK_ISSUER',
])

/** @throws {ConfigError} for a setting that is unknown or has a value it cannot have */
export function readConfig({ flags, environment, file, defaults = {} }: ConfigSources): Config {
  const fromFile = file === null ? {} : readFile(file)
  refuseUnknown(Object.keys(fromFile), SETTING_NAMES, 'in the configuration file')
  const variables = Object.keys(environment).filter(
    (name) => name.startsWith('MINTMARK_') && !NOT_SETTINGS.has(name),
  )
  refuseUnknown(variables, SETTING_NAMES.map(variableOf), 'in the environment')

  const entries = SETTING_NAMES.map((name) => {
    const variable = environment[variableOf(name)] || undefined
    const given = flags[name] ?? variable ?? fromFile[name] ?? defaults[name]
    const source =
      flags[name] !== undefined
        ? flagOf(name)
        : variable !== undefined
          ? variableOf(name)
          : `${name} in ${file ?? 'the defaults'}`
    return [name, check(name, given, source)]
  })
  const config = Object.fromEntries(entries) as Config
  if (environment[variableOf('databaseUrl')] === '') {
    throw new ConfigError(
      `${variableOf('databaseUrl')} is set and empty. Unset it to use a data folder, or say which database.`,
    )
  }
  if (config.data === '' && config.databaseUrl === null) {
    throw new ConfigError(
      `Nothing says where the data is: set ${waysToSet('data')}, or ${waysToSet('databaseUrl')} for PostgreSQL.`,
    )
  }
  return config
}

/** @param source what to correct: a flag, a variable or a name in the file */
function check(name: SettingName, given: unknown, source: string): unknown {
  const result = SETTINGS[name].schema.safeParse(given)
  if (result.success) return result.data
  if (given === undefined) throw new ConfigError(`Setting ${name} is missing: set ${waysToSet(name)}.`)
  const { message } = result.error.issues[0]!
  const must = message.startsWith('must ') ? message : `must be ${typeAllowedFor(name)}`
  // The value itself is left out: it may be a secret that was put into the wrong place.
  throw new ConfigError(`Setting ${name} has a value it cannot have: ${source} ${must}.`)
}

const typeAllowedFor = (name: SettingName): string =>
  SETTINGS[name].schema.safeParse(['a']).success ? 'a text or a list of texts' : 'a text'

/** A secret has no flag, and what is on or off needs no value. */
function waysToSet(name: SettingName): string {
  const setting = SETTINGS[name]
  if ('secret' in setting) return variableOf(name)
  const value = 'placeholder' in setting ? ` ${setting.placeholder}` : ''
  return `${variableOf(name)} or the flag ${flagOf(name)}${value}`
}

function refuseUnknown(given: readonly string[], known: readonly string[], where: string): void {
  const unknown = given.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new ConfigError(`Setting ${unknown} ${where} is unknown.${suggestion(unknown, known)}`)
}

function suggestion(name: string, known: readonly string[]): string {
  const [nearest] = known
    .map((each) => ({ each, far: distance(name, each) }))
    .filter(({ far }) => far <= 3)
    .sort((a, b) => a.far - b.far)
  return nearest === undefined ? '' : ` Did you mean ${nearest.each}?`
}

/** How many characters differ, as they stand: enough to notice a slip of the finger. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}

function readFile(path: string): Readonly<Record<string, unknown>> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    throw new ConfigError(`The configuration file ${path} cannot be read.`)
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch {
    // Told below, without the text of the file.
  }
  throw new ConfigError(`The configuration file ${path} must hold one JSON object.`)
}

/** The effective values, secrets cut. */
export const showConfig = (config: Config): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    SETTING_NAMES.map((name) => [name, 'secret' in SETTINGS[name] ? hide(config[name]) : config[name]]),
  )

const hide = (value: unknown): unknown =>
  value === null || (Array.isArray(value) && value.length === 0) ? value : '(set, not shown)'
