/** What a start loads and sets up: each command waits for it, and a server that was killed is away for as long. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createProgram } from '../../packages/server/src/cli/main.ts'
import { BIN } from '../support/server-process.ts'

const run = promisify(execFile)

describe('a start', () => {
  it('loads no client for WebSockets, which is a tenth of it', async () => {
    const script = `process.on('exit', () => console.log(process.moduleLoadList.join('\\n')))
      process.argv.push('mintmark', '--version')
      await import(${JSON.stringify(BIN)})`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script])
    expect(stdout).toContain('NativeModule _http_server')
    expect(stdout).not.toContain('undici')
  })

  // Node would keep compiled code in the temporary folder, under a name that any other user can take first.
  it('neither puts code into the temporary folder nor takes any from there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mintmark-test-'))
    try {
      const env = { PATH: process.env.PATH, TMPDIR: folder }
      await run(process.execPath, [BIN, '--version'], { env })
      expect(readdirSync(folder)).toEqual([])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('sets up the one command that is called, by the name that it has among all', () => {
    const names = createProgram().commands.map((command) => command.name())
    expect(names).toContain('serve')
    for (const name of names) {
      expect(createProgram(name).commands.map((command) => command.name())).toEqual([name])
    }
  })
})
