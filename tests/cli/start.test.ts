/** What a start loads and sets up: each command waits for it, and a server that was killed is away for as long. */
import { execFile } from 'node:child_process'
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

  it('sets up the one command that is called, by the name that it has among all', () => {
    const names = createProgram().commands.map((command) => command.name())
    expect(names).toContain('serve')
    for (const name of names) {
      expect(createProgram(name).commands.map((command) => command.name())).toEqual([name])
    }
  })
})
