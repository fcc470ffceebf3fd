import { spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BIN, cleanEnvironment, removeFolder, runCli } from '../support/server-process.ts'
import { startWorld, type ApiWorld } from './api-world.ts'

let world: ApiWorld

beforeAll(async () => {
  world = await startWorld()
})

afterAll(async () => {
  await world.server.stop()
  removeFolder(world.server.data)
})

/** Secrets of every kind, of the right form. */
const SECRETS = [
  `mt_${'0'.repeat(51)}`,
  `ak_${'0'.repeat(51)}`,
  `sk_live_${'0'.repeat(51)}`,
  `1764000000-c_${'0'.repeat(51)}`,
  'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtY2hfYSJ9.c2lnbmF0dXJl',
]

describe('a call of an API command that is wrong', () => {
  it.each([
    ['a length of time that is none', 'tokens issue --machine a --expires-in soon', 'as 30s, 15m, 1h, 7d or'],
    ['a length of time below nothing', 'machines rotate-key a --overlap -1', 'is invalid'],
    ['claims that are not JSON', 'tokens issue --machine a --claims {job', 'It must be JSON, such as'],
    [
      'claims that are no object',
      'machine-tokens issue --machine mch_a --claims []',
      'It must be a JSON object',
    ],
    ['a format that is none', 'tokens issue --machine a --format jws', 'Allowed choices are opaque, jwt.'],
    ['a port that is a word', 'dev --port abc', 'It must be a whole number. Port to listen on'],
    [
      'the port of an npm without dashes',
      'dev 4200',
      '(Flags go behind two dashes: npm start -- --port 4200)',
    ],
    ['a count that is none', 'users list --limit many', 'It must be a whole number.'],
    [
      'an id with a path in it',
      'sessions revoke ../machines',
      'mintmark: "../machines" is not an id: an id has letters, digits and underscores only.',
    ],
    [
      'a name for the id of a user',
      'users get ada',
      'mintmark: It must be the id of a user, user_…, or an email',
    ],
    ['a name for an id of a machine', 'machine-tokens issue --machine a', 'an id, mch_…, not a name.'],
    ['no id', 'users get', "missing required argument 'USER'"],
    ['no token', 'tokens revoke', 'Say which: the id of a token, --machine, --key or --issued-before.'],
    ['two ways at once', 'tokens revoke mt_1 --machine a', 'Name one token by its id, or many by'],
    ['both scopes', 'tokens revoke --machine a --key kid_1 --yes', 'Use one of --machine and --key.'],
    ['all of them, with nobody to ask', 'tokens revoke --machine a', 'give --yes to do it.'],
    ['a day that does not exist', 'tokens revoke --issued-before 2026-02-31', 'a day that exists'],
    ['a time without its zone', 'tokens revoke --issued-before 2026-01-31T12:00', 'with its zone'],
    ['a machine that is not named', 'tokens list', "required option '--machine <ID>' not specified"],
    ['a command that is none', 'machines scope list', "unknown command 'list'"],
    ['a user that is none', 'impersonate ada --as a --reason b', 'the id of a user, user_…, or an email'],
    ['a machine for a user', 'sign-in-tokens create mch_a', 'the id of a user, user_…, or an email'],
    ['a status that is none', 'sessions list --status over', 'Allowed choices are active, revoked, ended,'],
    [
      'a status of a link that is none',
      'impersonate list --status active',
      'are pending, accepted, revoked.',
    ],
    ['a number of uses that is none', 'testing-tokens create --max-uses some', 'It must be a whole number.'],
  ])('ends with 2 for %s, and explains it', async (_what, line, why) => {
    const { code, stdout, stderr } = await world.run(line)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^mintmark: /)
    expect(stderr).toContain(why)
    // What only the command itself can tell comes without it.
    if (!line.startsWith('tokens revoke') || line.includes('before')) {
      expect(stderr).toMatch(/\(mintmark [a-z -]* --help tells more\)\n$/)
    }
  })

  // A secret on a command line is in the history of the shell already: it must not get into logs too.
  it.each([
    'tokens verify',
    'tokens revoke',
    'tokens issue --machine',
    'tokens issue --secret-key',
    'tokens issue --format',
    'tokens issue --claims',
    'impersonate',
    'impersonate user_a --reason b --as',
    'impersonate end',
    'sessions list --user',
    'machines get',
    'machines scope add worker',
    'machines',
    'users get',
    'users list --limit',
    'keys revoke --yes',
    'completion',
    'help',
    'dev --port',
    '',
  ])('does not repeat a secret that was put behind "mintmark %s"', async (line) => {
    for (const [index, secret] of SECRETS.entries()) {
      const glued = index % 2 === 1 && line.includes(' --')
      const words = line.split(' ').filter(Boolean)
      const args = glued ? [...words.slice(0, -1), `${words.at(-1)}=${secret}`] : [...words, secret]
      const { code, stdout, stderr } = await runCli(args)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(/^mintmark: /)
      expect(stderr).not.toContain(secret.slice(3, 30))
    }
  })

  it('has no flag and no argument for a key or a token', async () => {
    const { stdout } = await runCli(['completion', 'bash'])
    const flags = stdout.match(/--[a-z][\w-]*/g)!.filter((flag) => /secret|token|key/.test(flag))
    expect(new Set(flags)).toEqual(
      new Set([
        '--master-key-file',
        '--longest-token-lifetime',
        '--cached-tokens',
        '--machine-token-category',
        '--token-retention',
        '--key',
        '--frontend-key',
        '--challenge-site-key',
        '--testing-tokens-on-live',
      ]),
    )
  })
})

// The `script` of other systems takes other flags.
describe.skipIf(process.platform !== 'linux')('at a terminal', () => {
  it('asks before what cannot be undone, and does nothing for anything but yes', async () => {
    await world.run('machines create --name kept')
    for (const answer of ['n', '', 'maybe']) {
      const { code, screen } = await atTerminal(
        `machines delete kept --data ${world.server.data}`,
        `${answer}\n`,
      )
      expect(screen).toMatch(
        /Delete the machine kept \(mch_\w{27}\)\? Its keys and tokens end with it\. \[y\/N\] /,
      )
      expect(screen).toContain('mintmark: Nothing was done.')
      expect(code).toBe(1)
    }
    const { code, screen } = await atTerminal(`machines delete kept --data ${world.server.data}`, 'y\n')
    expect(screen).toMatch(/Deleted {2}mch_/)
    expect(code).toBe(0)
  })

  it('asks before the keys of an instance end', async () => {
    const { code, screen } = await atTerminal(`instances rotate-key --data ${world.server.data}`, 'n\n')
    expect(screen).toMatch(/Give the instance \S+ \(ins_\w+\) a new key\? The old keys end now\. \[y\/N\] /)
    expect(screen).toContain('mintmark: Nothing was done.')
    expect(code).toBe(1)
  })

  it('does not ask about a signing key that is not there', async () => {
    const { code, screen } = await atTerminal(`keys revoke kid_none --data ${world.server.data}`, 'y\n')
    expect(screen.trimEnd()).toBe('mintmark: No signing key was found with id kid_none.')
    expect(code).toBe(1)
  })

  it('ends as Ctrl-C ends any program', async () => {
    const asked = await atTerminal(`machines delete worker --data ${world.server.data}`, '\u0003')
    expect(asked.code).toBe(130)
    const pasting = await atTerminal(`tokens verify --data ${world.server.data}`, '\u0003')
    expect(pasting.code).toBe(130)
    expect((await world.run('machines get worker')).code).toBe(0)
  })

  it('takes a token that is pasted, without showing it', async () => {
    const token = (await world.run('tokens issue --machine worker')).stdout.trim()
    const { code, screen } = await atTerminal(`tokens verify --data ${world.server.data}`, `${token}\r`)
    expect(code).toBe(0)
    expect(screen).toMatch(/State +/)
    expect(screen).not.toContain(token)
  })

  it('has colours, and none with NO_COLOR or in a pipe', async () => {
    const call = `machines list --data ${world.server.data}`
    expect((await atTerminal(call, '')).screen).toContain('\u001b[1mID')
    expect((await atTerminal(call, '', { NO_COLOR: '1' })).screen).not.toContain('\u001b')
    expect((await world.run('machines list')).stdout).not.toContain('\u001b')
  })
})

describe.skipIf(process.platform !== 'linux')('a terminal that is narrow', () => {
  it('does not get the least important columns, and is told which', async () => {
    await world.run('machines create --name wide --scope api')
    const call = `machines list --query wide --data ${world.server.data}`
    const { screen } = await atTerminal(call, '', { NO_COLOR: '1' }, 64)
    expect(screen.replaceAll('\r', '')).toMatch(
      /^ID +NAME +VERIFIED BY\nmch_\w{27} +wide +api\nThe terminal is too narrow for CREATED, TOKEN LIFETIME; --json prints everything\.\n$/,
    )
  })

  it('gets the table whole where it fits', async () => {
    const call = `machines list --query wide --data ${world.server.data}`
    const { screen } = await atTerminal(call, '', { NO_COLOR: '1' }, 200)
    expect(screen).toMatch(/^ID +NAME +TOKEN LIFETIME +VERIFIED BY +CREATED\r?\n/)
    expect(screen).not.toContain('narrow')
  })
})

describe('in a pipe', () => {
  it('takes a reader that has seen enough for no error', async () => {
    const script = '{ mintmark completion bash; echo "ended with $?" >&2; } | head -n 1'
    const { stdout, stderr } = await world.shell(script)
    expect({ stdout, stderr }).toEqual({
      stdout: '# Completion of mintmark for bash.\n',
      stderr: 'ended with 0\n',
    })
  })
})

/** What `script` shows of a terminal of its own. The answer is typed once the command asks. */
function atTerminal(
  line: string,
  answer: string,
  environment: Record<string, string> = {},
  columns = 0,
): Promise<{ code: number | null; screen: string }> {
  return new Promise((resolve) => {
    const command = `stty cols ${columns}; "$NODE" "$BIN" ${line}`
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: cleanEnvironment({ NODE: process.execPath, BIN, TERM: 'xterm', SHELL: '/bin/sh', ...environment }),
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let screen = ''
    let answered = false
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      screen += text
      if (answered || !/\[y\/N\] $|not shown\): $/.test(screen)) return
      answered = true
      child.stdin.write(answer)
    })
    child.once('close', (code) => resolve({ code, screen }))
  })
}
