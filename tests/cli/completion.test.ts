import { spawnSync } from 'node:child_process'
import { beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../support/server-process.ts'

let bash: string

beforeAll(async () => {
  bash = (await runCli(['completion', 'bash'])).stdout
})

/** What bash would offer behind these words; the last one is being typed. */
function offered(...words: readonly string[]): readonly string[] {
  const script = `eval "$SCRIPT"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mintmark; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['--norc', '-c', script, 'bash', 'mintmark', ...words],
    {
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '', SCRIPT: bash },
    },
  )
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout.split('\n').filter(Boolean)
}

describe('mintmark completion bash', () => {
  it('offers commands, and those of a command', () => {
    expect(offered('ma')).toEqual(['machines', 'machine-tokens'])
    expect(offered('tokens', '')).toEqual(['issue', 'list', 'verify', 'revoke', 'help', '--help'])
    expect(offered('machines', 'scope', 'r')).toEqual(['remove'])
  })

  it('offers both of a command that has commands under it', () => {
    expect(offered('impersonate', '')).toEqual(expect.arrayContaining(['list', 'end', '--as', '--reason']))
    expect(offered('impersonate', 'list', '--s')).toEqual(['--status'])
    expect(offered('impersonate', 'list', '--status', '')).toEqual(['pending', 'accepted', 'revoked'])
  })

  it('offers the flags of the command that is typed, wherever they stand', () => {
    expect(offered('tokens', 'issue', '--machine', 'worker', '--ex')).toEqual(['--expires-in'])
    expect(offered('serve', '--p')).toEqual(['--port', '--public-url'])
  })

  it('offers the values there are, files where one is meant, and nothing where nobody knows', () => {
    expect(offered('tokens', 'issue', '--format', '')).toEqual(['opaque', 'jwt'])
    expect(offered('tokens', 'verify', '--file', '/etc/pass')).toContain('/etc/passwd')
    expect(offered('tokens', 'issue', '--expires-in', '')).toEqual([])
    expect(offered('completion', '')).toEqual(['bash', 'zsh', 'fish', '--help'])
  })

  it('is attached to the command', () => {
    expect(bash).toMatch(/^complete -F _mintmark mintmark$/m)
  })
})

describe('mintmark completion', () => {
  it('says which shells it knows', async () => {
    const { code, stderr } = await runCli(['completion', 'tcsh'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^mintmark: The shell must be bash, zsh or fish\.\n/)
  })

  it.each(['zsh', 'fish'])('knows the same commands and flags for %s', async (shell) => {
    const { code, stdout, stderr } = await runCli(['completion', shell])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const path of bash.match(/^ {4}'mintmark[^']*'\) words/gm)!) {
      expect(stdout).toContain(path.slice(5, path.indexOf("')")))
    }
    expect(stdout).toContain('expires-in')
  })
})
