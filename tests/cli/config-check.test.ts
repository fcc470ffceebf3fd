import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { removeFolder, runCli, temporaryFolder } from '../support/server-process.ts'

const KEY = '0123456789abcdef'.repeat(4)
const OTHER_KEY = 'fedcba9876543210'.repeat(4)
const folder = temporaryFolder()
const data = join(folder, 'data')
let files = 0

afterAll(() => removeFolder(folder))

/** `mintmark config check --json` with a master key and a data folder that nobody need make. */
const check = (flags: readonly string[] = [], environment: Record<string, string> = {}) =>
  runCli(['config', 'check', '--json', '--data', data, ...flags], {
    MINTMARK_MASTER_KEY: KEY,
    ...environment,
  })

function fileWith(settings: unknown): string {
  const path = join(folder, `config-${++files}.json`)
  writeFileSync(path, typeof settings === 'string' ? settings : JSON.stringify(settings))
  return path
}

async function valuesOf(result: ReturnType<typeof check>): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await result
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return JSON.parse(stdout)
}

describe('mintmark config check', () => {
  it('shows the values in force, with their defaults', async () => {
    expect(await valuesOf(check())).toMatchObject({
      data,
      host: '127.0.0.1',
      port: 4100,
      publicUrl: null,
      logLevel: 'info',
      acceptUnknownUsers: false,
      trustedProxies: [],
      migrate: true,
    })
  })

  it('shows them to people with the variable that sets each', async () => {
    const { code, stdout, stderr } = await runCli(['config', 'check', '--data', data, '--port', '8080'], {
      MINTMARK_MASTER_KEY: KEY,
    })
    expect(code).toBe(0)
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^SETTING +VARIABLE +VALUE$/m)
    expect(stdout).toMatch(/^port +MINTMARK_PORT +8080$/m)
    expect(stdout).toMatch(/^masterKey +MINTMARK_MASTER_KEY +\(set, not shown\)$/m)
    expect(stdout).not.toContain(KEY.slice(0, 16))
  })

  it('hides secrets wherever they come from', async () => {
    const file = fileWith({ previousMasterKeys: [OTHER_KEY] })
    for (const result of [
      check([], { MINTMARK_PREVIOUS_MASTER_KEYS: OTHER_KEY }),
      check(['--config', file]),
    ]) {
      const { code, stdout, stderr } = await result
      expect(code).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({
        masterKey: '(set, not shown)',
        previousMasterKeys: '(set, not shown)',
      })
      expect(stdout + stderr).not.toContain(KEY.slice(0, 16))
      expect(stdout + stderr).not.toContain(OTHER_KEY.slice(0, 16))
    }
  })

  it('takes a flag before a variable, a variable before the file, the file before a default', async () => {
    const file = fileWith({ port: 1001, host: '127.0.0.2', logLevel: 'warn', trustedProxies: ['10.0.0.0/8'] })
    const environment = { MINTMARK_PORT: '1002', MINTMARK_HOST: '127.0.0.3', MINTMARK_CONFIG: file }
    expect(await valuesOf(check(['--port', '1003'], environment))).toMatchObject({
      port: 1003,
      host: '127.0.0.3',
      logLevel: 'warn',
      trustedProxies: ['10.0.0.0/8'],
      rateLimit: 0,
    })
  })

  it('reads the file of --config and not the one that MINTMARK_CONFIG names', async () => {
    const environment = { MINTMARK_CONFIG: fileWith({ port: 1001 }) }
    const flags = ['--config', fileWith({ host: '127.0.0.2' })]
    expect(await valuesOf(check(flags, environment))).toMatchObject({ port: 4100, host: '127.0.0.2' })
  })

  it('takes an empty variable for one that is not set', async () => {
    expect(await valuesOf(check([], { MINTMARK_PORT: '' }))).toMatchObject({ port: 4100 })
  })

  it('leaves the variables that "mintmark env" prints to clients', async () => {
    const { code } = await check([], { MINTMARK_API_MACHINE_SECRET_KEY: 'a', MINTMARK_INSTANCE_ID: 'b' })
    expect(code).toBe(0)
  })
})

describe('mintmark config check refuses with one sentence and 1', () => {
  const refusals: readonly [string, () => ReturnType<typeof check>, RegExp][] = [
    [
      'an unknown variable, and names the nearest',
      () => check([], { MINTMARK_PROT: '1' }),
      /^Setting MINTMARK_PROT in the environment is unknown\. Did you mean MINTMARK_PORT\?$/,
    ],
    [
      'an unknown name in the file, and names the nearest',
      () => check(['--config', fileWith({ ratelimit: 1 })]),
      /^Setting ratelimit in the configuration file is unknown\. Did you mean rateLimit\?$/,
    ],
    [
      'an unknown name that is like none',
      () => check(['--config', fileWith({ databaseConnection: 1 })]),
      /^Setting databaseConnection in the configuration file is unknown\.$/,
    ],
    [
      'a port that is none',
      () => check([], { MINTMARK_PORT: '70000' }),
      /cannot have: MINTMARK_PORT must be a whole number from 0 to 65535\.$/,
    ],
    [
      'a number of workers in the file that is none',
      () => check(['--config', fileWith({ workers: 65 })]),
      /cannot have: workers in \S+ must be a whole number from 1 to 64\.$/,
    ],
    [
      'a switch that is neither on nor off',
      () => check([], { MINTMARK_MIGRATE: 'yes' }),
      /cannot have: MINTMARK_MIGRATE must be true or false\.$/,
    ],
    [
      'a key in place of a port, without repeating it',
      () => check([], { MINTMARK_PORT: OTHER_KEY }),
      /cannot have: MINTMARK_PORT must be a whole number from 0 to 65535\.$/,
    ],
    [
      'a database URL that is none, without repeating it',
      () => check([], { MINTMARK_DATABASE_URL: 'mysql://a' }),
      /cannot have: MINTMARK_DATABASE_URL must begin with postgres:\/\/\.$/,
    ],
    [
      'a text in the file that is none',
      () => check(['--config', fileWith({ masterKeyFile: 1 })]),
      /cannot have: masterKeyFile in \S+ must be a text\.$/,
    ],
    ['a port that is a word', () => check([], { MINTMARK_PORT: 'http' }), /^Setting port .*cannot have/],
    ['a port of spaces', () => check([], { MINTMARK_PORT: ' ' }), /^Setting port .*cannot have/],
    [
      'a number that is true or a list in the file',
      () => check(['--config', fileWith({ port: true })]),
      /^Setting port .*cannot have/,
    ],
    [
      'a log level that is none',
      () => check([], { MINTMARK_LOG_LEVEL: 'loud' }),
      /cannot have: MINTMARK_LOG_LEVEL must be one of debug, info, warn, error, silent\.$/,
    ],
    [
      'a URL that is none',
      () => check([], { MINTMARK_PUBLIC_URL: 'tokens' }),
      /cannot have: MINTMARK_PUBLIC_URL must be an http:\/\/ or https:\/\/ URL\.$/,
    ],
    [
      'a base path with no slash',
      () => check([], { MINTMARK_BASE_PATH: 'a' }),
      /^Setting basePath .*cannot have/,
    ],
    [
      'a proxy that is no address',
      () => check(['--trusted-proxies', '10.0.0.0/8,proxy']),
      /^Setting trustedProxies has an entry that is neither an address nor a CIDR range\.$/,
    ],
    [
      'a master key that is too short',
      () => check([], { MINTMARK_MASTER_KEY: KEY.slice(2) }),
      /^The master key must be 32 bytes in hex or base64\.$/,
    ],
    [
      'a previous master key that is too short',
      () => check([], { MINTMARK_PREVIOUS_MASTER_KEYS: `${OTHER_KEY},${KEY.slice(2)}` }),
      /^A previous master key must be 32 bytes in hex or base64\.$/,
    ],
    [
      'no master key at all',
      () => check([], { MINTMARK_MASTER_KEY: '' }),
      /^There is no master key: .*MINTMARK_MASTER_KEY_FILE/,
    ],
    [
      'a master key file that is not there',
      () => check(['--master-key-file', join(folder, 'none')], { MINTMARK_MASTER_KEY: '' }),
      /^The master key file .* cannot be read\.$/,
    ],
    [
      'a configuration file that is not there',
      () => check(['--config', join(folder, 'none.json')]),
      /^The configuration file .* cannot be read\.$/,
    ],
    [
      'a configuration file that is not JSON, without its text',
      () => check(['--config', fileWith(`masterKey: ${KEY}`)]),
      /^The configuration file .* must hold one JSON object\.$/,
    ],
    [
      'a configuration file that holds a list',
      () => check(['--config', fileWith([])]),
      /^The configuration file .* must hold one JSON object\.$/,
    ],
    [
      'no data folder',
      () => runCli(['config', 'check'], { MINTMARK_MASTER_KEY: KEY }),
      /^Nothing says where the data is: set MINTMARK_DATA or the flag --data DIR, or MINTMARK_DATABASE_URL for PostgreSQL\.$/,
    ],
  ]

  it.each(refusals)('%s', async (_what, run, sentence) => {
    const { code, stdout, stderr } = await run()
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^mintmark: [^\n]+\n$/)
    expect(stderr.slice('mintmark: '.length, -1)).toMatch(sentence)
    expect(stderr).not.toContain(KEY.slice(2, 18))
  })
})

describe('mintmark config check refuses a flag with 2, and says what it may be', () => {
  it.each([
    ['--port', '70000', 'The most is 65535.'],
    ['--port', 'http', 'Port to listen on; 0 for any free one.'],
    ['--longest-token-lifetime', '0', 'The least is 1.'],
    ['--log-level', 'loud', 'Allowed are debug, info, warn, error, silent.'],
    ['--public-url', 'tokens', 'URL by which clients reach this server'],
    ['--base-path', 'a', 'Path in front of every route'],
    ['--migrate', 'maybe', 'Bring an older schema up to date at start'],
  ])('%s %s', async (flag, value, why) => {
    const { code, stdout, stderr } = await check([flag, value])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^mintmark: option '.*' argument '.*' is invalid\. /)
    expect(stderr).toContain(why)
  })
})
