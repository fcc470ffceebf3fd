import { describe, expect, it } from 'vitest'
import { createProgram } from '../../packages/server/src/cli/main.ts'
import { runCli } from '../support/server-process.ts'

const COMMANDS = [
  '',
  'dev',
  'serve',
  'env',
  'instances',
  'instances create',
  'instances update',
  'instances list',
  'instances rotate-key',
  'audit',
  'audit tail',
  'config',
  'config check',
  'migrate',
  'machines',
  'machines scope add',
  'tokens verify',
  'testing-tokens list',
  'impersonate',
  'impersonate list',
  'impersonate end',
  'sign-in-tokens create',
  'sessions',
  'keys rotate',
  'completion',
]

const run = (line: string) => runCli(line.split(' ').filter(Boolean))

describe('mintmark', () => {
  it.each(COMMANDS)('prints the help of "%s" to stdout and ends with 0', async (command) => {
    const { code, stdout, stderr } = await run(`${command} --help`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^Usage: mintmark ${command}`.trimEnd()))
    expect(stdout).toMatch(/-h, --help/)
    expect(await run(`${command} -h`)).toEqual({ code, stdout, stderr })
  })

  it.each(COMMANDS.filter((command) => command !== ''))(
    'prints the help of "%s" also by the help command',
    async (command) => {
      const { stdout } = await run(`${command} --help`)
      expect(await run(`help ${command}`)).toEqual({ code: 0, stdout, stderr: '' })
    },
  )

  it('names every command in its help', async () => {
    const { stdout } = await run('--help')
    for (const command of COMMANDS) expect(stdout).toContain(command.split(' ')[0])
  })

  it('has no help that is wider than a terminal of 80 columns', () => {
    const all = eachOf(createProgram())
    expect(all.length).toBeGreaterThan(COMMANDS.length)
    for (const command of all) {
      const lines = helpAt80(command).split('\n')
      expect(
        lines.filter((line) => line.length > 80),
        command.name(),
      ).toEqual([])
    }
  })

  it('prints its version alone', async () => {
    const { code, stdout, stderr } = await run('--version')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^\d+\.\d+\.\d+(?:-\S+)?\n$/)
    expect(await run('-V')).toEqual({ code, stdout, stderr })
  })

  it.each([
    ['nothing at all', '', 'Usage: mintmark'],
    ['a group without a command', 'instances', 'Usage: mintmark instances'],
    ['an unknown command asked for help', 'help issue', "unknown command 'issue'"],
    ['a command that is nearly one', 'machnes', 'Did you mean machines?'],
    ['a flag that is nearly one', 'users list --emial a', 'Did you mean --email?'],
    ['an unknown command', 'issue', "unknown command 'issue'"],
    ['an unknown command of a group', 'audit head', "unknown command 'head'"],
    ['an unknown flag', 'dev --prot 1', "unknown option '--prot'"],
    ['a flag without its value', 'dev --port', 'argument missing'],
    ['an argument too many', 'env all', 'too many arguments'],
    ['a master key on the command line', 'serve --master-key abc', "unknown option '--master-key'"],
    ['a required flag that is missing', 'instances create', "required option '--name <NAME>'"],
  ])('ends with 2 for %s, and says so on stderr', async (_what, line, message) => {
    const { code, stdout, stderr } = await run(line)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^(?:mintmark: |Usage: )/)
    expect(stderr).toContain(message)
    expect(stderr).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m)
  })
})

type Command = ReturnType<typeof createProgram>

const eachOf = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(eachOf)]

/** With what stands behind the flags. */
function helpAt80(command: Command): string {
  let text = ''
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 80 }).outputHelp()
  return text
}
