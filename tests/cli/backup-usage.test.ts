/** What the commands that carry data say of themselves, and of a call that is wrong. */
import { describe, expect, it } from 'vitest'
import { runCli } from '../support/server-process.ts'

describe('mintmark audit export', () => {
  it.each(['yesterday', '2026-02-31'])('refuses the time %s, which is none, with 2', async (time) => {
    const { code, stdout, stderr } = await runCli(['audit', 'export', '--since', time])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('Write a time as')
  })
})

describe('their help', () => {
  it.each(['backup', 'restore', 'copy', 'audit export'])('of "%s" goes to stdout', async (command) => {
    const { code, stdout, stderr } = await runCli([...command.split(' '), '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^Usage: mintmark ${command}`))
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  it.each(['backup', 'restore', 'copy --from sqlite:a', 'backup a b'])(
    'is offered with 2 for "%s"',
    async (line) => {
      const { code, stdout, stderr } = await runCli(line.split(' '))
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(/--help tells more/)
    },
  )
})
