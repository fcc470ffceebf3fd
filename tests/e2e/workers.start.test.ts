/** What keeps several workers from starting, said as one server says it. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { removeFolder, runCli, temporaryFolder } from '../support/server-process.ts'
import { startWorkers } from './worker-processes.ts'

const KEY = randomBytes(32).toString('hex')

let data: string

beforeEach(() => {
  data = temporaryFolder()
})

afterEach(() => removeFolder(data))

const serve = (flags: readonly string[], environment: Record<string, string> = {}) =>
  runCli(['serve', '--port', '0', '--data', data, '--workers', '3', ...flags], environment)

describe('mintmark serve --workers refuses with one sentence and 1', () => {
  it('a master key that is not the one of the database', async () => {
    const server = await startWorkers({ data, workers: 2 })
    expect(await server.stop()).toBe(0)
    const { code, stdout, stderr } = await serve([], { MINTMARK_MASTER_KEY: KEY })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(
      'mintmark: The master key is not the one this database was made with. If it replaces that one, give the old key in MINTMARK_PREVIOUS_MASTER_KEYS.\n',
    )
  })

  it('to start without a master key', async () => {
    const { code, stdout, stderr } = await serve([])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^mintmark: There is no master key: [^\n]+\n$/)
  })

  it('a port that another program has, before it makes a database', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const { code, stderr } = await serve(['--port', String(port)], { MINTMARK_MASTER_KEY: KEY })
    other.close()
    expect(code).toBe(1)
    expect(stderr).toBe(
      `mintmark: Cannot listen on 127.0.0.1 port ${port}: another program listens there; --port 0 takes any port that is free.\n`,
    )
    expect(existsSync(join(data, 'mintmark.db'))).toBe(false)
  })
})

describe('the number of workers', () => {
  it.each([
    ['0', 'The least is 1.'],
    ['999', 'The most is 64.'],
    ['two', 'It must be a whole number.'],
    ['1.5', 'It must be a whole number.'],
  ])('is not %s', async (count, sentence) => {
    const { code, stdout, stderr } = await serve(['--workers', count], { MINTMARK_MASTER_KEY: KEY })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(sentence)
  })

  it('is refused in a variable too', async () => {
    const environment = { MINTMARK_MASTER_KEY: KEY, MINTMARK_WORKERS: '65' }
    const { code, stderr } = await runCli(['serve', '--port', '0', '--data', data], environment)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^mintmark: Setting workers has a value it cannot have: [^\n]+\n$/)
  })
})
