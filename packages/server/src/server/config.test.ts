import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, readConfig, showConfig, type ConfigSources } from './config.ts'
import { flagOf, SETTING_NAMES, SETTINGS, variableOf } from './settings.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mintmark-test-'))
})

afterAll(() => rmSync(folder, { recursive: true }))

/** Writes a configuration file. */
function fileOf(content: unknown): string {
  const path = join(folder, 'mintmark.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const read = (sources: Partial<ConfigSources> = {}) =>
  readConfig({ flags: { data: 'd' }, environment: {}, file: null, ...sources })

describe('a setting', () => {
  it('is taken from the flag, else the variable, else the file, else the command, else its default', () => {
    const sources = {
      flags: { data: 'd', port: '1' },
      environment: { MINTMARK_PORT: '2' },
      file: fileOf({ port: 3 }),
      defaults: { port: 4 },
    }
    const ports = [
      read(sources),
      read({ ...sources, flags: { data: 'd' } }),
      read({ ...sources, flags: { data: 'd' }, environment: {} }),
      read({ defaults: { port: 4 } }),
      read(),
    ].map(({ port }) => port)
    expect(ports).toEqual([1, 2, 3, 4, 4100])
  })

  it('is not given by a variable that is empty', () => {
    expect(read({ environment: { MINTMARK_PORT: '', MINTMARK_HOST: '' } })).toMatchObject({
      port: 4100,
      host: '127.0.0.1',
    })
  })

  it('that is off by a flag stays off, whatever the variable says', () => {
    const environment = { MINTMARK_MIGRATE: 'true' }
    expect(read({ flags: { data: 'd', migrate: false }, environment }).migrate).toBe(false)
  })

  it.each(SETTING_NAMES)('%s has one flag and one variable', (name) => {
    expect(flagOf(name)).toMatch(/^--[a-z-]+$/)
    expect(variableOf(name)).toMatch(/^MINTMARK_[A-Z_]+$/)
    expect(SETTINGS[name].description).toMatch(/^[A-Z].*\.$/)
  })

  it.each([
    ['MINTMARK_PORT', '0', 'port', 0],
    ['MINTMARK_MIGRATE', 'false', 'migrate', false],
    ['MINTMARK_TRUSTED_PROXIES', '10.0.0.0/8, ::1,', 'trustedProxies', ['10.0.0.0/8', '::1']],
    ['MINTMARK_PUBLIC_URL', 'https://tokens.example//', 'publicUrl', 'https://tokens.example'],
    ['MINTMARK_BASE_PATH', '/a/b.c', 'basePath', '/a/b.c'],
    ['MINTMARK_LONGEST_TOKEN_LIFETIME', '315360000', 'longestTokenLifetime', 315_360_000],
    ['MINTMARK_LOG_LEVEL', 'silent', 'logLevel', 'silent'],
  ] as const)('%s=%s is read', (variable, text, name, value) => {
    expect(read({ environment: { [variable]: text } })[name]).toEqual(value)
  })
})

describe('a value that a setting cannot have is refused:', () => {
  it.each([
    ['MINTMARK_PORT', '65536'],
    ['MINTMARK_PORT', '-1'],
    ['MINTMARK_PORT', '80.5'],
    ['MINTMARK_PORT', 'http'],
    ['MINTMARK_PORT', ' '],
    ['MINTMARK_RATE_LIMIT', 'Infinity'],
    ['MINTMARK_RATE_LIMIT', 'none'],
    ['MINTMARK_RATE_LIMIT', '  '],
    ['MINTMARK_MIGRATE', 'yes'],
    ['MINTMARK_MIGRATE', 'TRUE'],
    ['MINTMARK_LOG_LEVEL', 'trace'],
    ['MINTMARK_PUBLIC_URL', 'tokens.example'],
    ['MINTMARK_PUBLIC_URL', 'ftp://tokens.example'],
    ['MINTMARK_PUBLIC_URL', 'javascript:alert(1)'],
    ['MINTMARK_BASE_PATH', 'mintmark'],
    ['MINTMARK_BASE_PATH', '/mintmark/'],
    ['MINTMARK_BASE_PATH', '/a?b'],
    ['MINTMARK_LONGEST_TOKEN_LIFETIME', '0'],
    ['MINTMARK_LONGEST_TOKEN_LIFETIME', '315360001'],
    ['MINTMARK_MACHINE_TOKEN_CATEGORY', 'new'],
  ])('%s=%s', (variable, text) => {
    expect(() => read({ environment: { [variable]: text } })).toThrow(ConfigError)
  })

  it.each([{ port: true }, { rateLimit: '' }, { port: [80] }, { trustedProxies: [1] }, { host: 1 }])(
    '%j in the file',
    (content) => {
      expect(() => read({ file: fileOf(content) })).toThrow(ConfigError)
    },
  )

  it('no folder for the data, and its variable is named', () => {
    expect(() => read({ flags: {} })).toThrow(
      'Nothing says where the data is: set MINTMARK_DATA or the flag --data DIR, or MINTMARK_DATABASE_URL for PostgreSQL.',
    )
  })
})

// Stops a slip of the finger from leaving a setting at its default without a word.
describe('a setting that is not known', () => {
  it('is refused in the environment, and the nearest one named', () => {
    expect(() => read({ environment: { MINTMARK_PRT: '1' } })).toThrow(
      'Setting MINTMARK_PRT in the environment is unknown. Did you mean MINTMARK_PORT?',
    )
    expect(() => read({ environment: { MINTMARK_MASTERKEY: 'x' } })).toThrow(
      'Did you mean MINTMARK_MASTER_KEY?',
    )
  })

  it.each([
    ['prt', 'port'],
    ['ports', 'port'],
    ['hots', 'host'],
    ['dataa', 'data'],
    ['publicURL', 'publicUrl'],
    ['cachedToken', 'cachedTokens'],
    ['masterKeyfile', 'masterKeyFile'],
    ['metricsPort2', 'metricsPort'],
  ])('is refused in the file: %s, and %s is meant', (given, meant) => {
    expect(() => read({ file: fileOf({ [given]: 1 }) })).toThrow(
      `Setting ${given} in the configuration file is unknown. Did you mean ${meant}?`,
    )
  })

  it.each(['__proto__', 'constructor', 'completelyDifferent', 'MINTMARK_PORT'])(
    'is refused without a guess where none is near: %s',
    (name) => {
      expect(() => read({ file: fileOf(`{"${name}":1}`) })).toThrow(
        new ConfigError(`Setting ${name} in the configuration file is unknown.`),
      )
    },
  )

  it('is no matter where it is not ours, or is for clients', () => {
    const environment = {
      PATH: '/bin',
      PORT: '80',
      MINTMARK_CONFIG: 'x',
      MINTMARK_API_URL: 'x',
      MINTMARK_SECRET_KEY: 'x',
      MINTMARK_MACHINE_SECRET_KEY: 'x',
    }
    expect(read({ environment }).port).toBe(4100)
  })
})

describe('the configuration file', () => {
  it.each(['', 'null', '[]', '"text"', '1', '{', '{"port":1', 'port: 1'])('is refused as %j', (text) => {
    const path = fileOf(text)
    expect(() => read({ file: path })).toThrow(
      new ConfigError(`The configuration file ${path} must hold one JSON object.`),
    )
  })

  it('is refused where it is not there', () => {
    expect(() => read({ file: join(folder, 'none.json') })).toThrow(/cannot be read/)
  })
})

// Stops a master key from getting into a terminal, a log or a bug report.
describe('a secret setting', () => {
  const CANARY = 'CANARY0123456789'
  const secrets = SETTING_NAMES.filter((name) => 'secret' in SETTINGS[name])

  it('is every setting that holds a key', () => {
    expect(secrets).toEqual([
      'databaseUrl',
      'databaseDirectUrl',
      'masterKey',
      'previousMasterKeys',
      'challengeSecret',
    ])
  })

  it('is shown as set and no more', () => {
    const environment = { MINTMARK_MASTER_KEY: CANARY, MINTMARK_PREVIOUS_MASTER_KEYS: `${CANARY},${CANARY}` }
    const shown = showConfig(read({ environment }))
    expect(shown).toMatchObject({
      masterKey: '(set, not shown)',
      previousMasterKeys: '(set, not shown)',
      port: 4100,
    })
    expect(JSON.stringify(shown)).not.toContain(CANARY)
  })

  it('is shown as not set where it is not', () => {
    expect(showConfig(read())).toMatchObject({ masterKey: null, previousMasterKeys: [] })
  })

  it('is not in the message about a value in the wrong place', () => {
    const messages = SETTING_NAMES.filter((name) => name !== 'data').map((name) => {
      try {
        return JSON.stringify(showConfig(read({ environment: { [variableOf(name)]: `\0${CANARY}` } })).port)
      } catch (error) {
        return `${(error as Error).message}${String((error as Error).cause)}`
      }
    })
    for (const message of messages) expect(message).not.toContain(CANARY)
    const path = fileOf(`{"masterKey": "${CANARY}`)
    expect(() => read({ file: path })).not.toThrow(new RegExp(CANARY))
  })
})

describe('a database URL', () => {
  it('takes the place of the data folder', () => {
    const environment = { MINTMARK_DATABASE_URL: 'postgres://a:b@c:5432,d:5432/e' }
    expect(read({ flags: {}, environment })).toMatchObject({
      data: '',
      databaseUrl: environment.MINTMARK_DATABASE_URL,
    })
  })

  it.each(['localhost:5432/a', 'mysql://a@b/c', 'postgres://'])('is not %s', (text) => {
    expect(() => read({ environment: { MINTMARK_DATABASE_URL: text } })).toThrow(ConfigError)
  })
})
