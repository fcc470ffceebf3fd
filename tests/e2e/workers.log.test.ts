/** Several processes write to one stderr; who reads it is slower than they are. */
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BIN, cleanEnvironment, removeFolder, temporaryFolder } from '../support/server-process.ts'

let data: string

beforeEach(() => {
  data = temporaryFolder()
})

afterEach(() => removeFolder(data))

/** A pipe of the operating system, full most of the time: what is written to it is then cut into pieces. */
async function readSlowly(path: string): Promise<readonly string[]> {
  const file = await open(path)
  const buffer = Buffer.alloc(3_000)
  let text = ''
  for (;;) {
    const { bytesRead } = await file.read(buffer)
    if (bytesRead === 0) break
    text += buffer.toString('latin1', 0, bytesRead)
    await sleep(4)
  }
  await file.close()
  return text.trimEnd().split('\n')
}

/** Requests that are refused are logged too, and need nothing to be there. */
async function askMany(url: string, count: number): Promise<void> {
  let left = count
  const ask = async () => {
    while (left-- > 0) await (await fetch(`${url}/v1/users`)).arrayBuffer()
  }
  await Promise.all(Array.from({ length: 32 }, ask))
}

describe('the log of a server with workers', () => {
  it('has whole lines only, one for each request', async () => {
    const pipe = join(data, 'log')
    execFileSync('mkfifo', [pipe])
    const serve = ['serve', '--json', '--port', '0', '--data', data, '--workers', '4']
    const child = spawn('sh', ['-c', 'exec "$@" 2>"$0"', pipe, process.execPath, BIN, ...serve], {
      env: cleanEnvironment({ MINTMARK_MASTER_KEY: randomBytes(32).toString('hex') }),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const read = readSlowly(pipe)
    const closed = once(child, 'close')
    let out = ''
    for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      out += text
      if (out.endsWith('}\n')) break
    }
    child.stdout.resume()
    await askMany((JSON.parse(out) as { url: string }).url, 8_000)
    child.kill('SIGTERM')
    expect(await closed).toEqual([0, null])
    const lines = (await read).filter((line) => !line.startsWith('mintmark: there is no instance yet'))
    const events = lines.map((line) => JSON.parse(line) as { msg: string; worker?: number })
    const requests = events.filter(({ msg }) => msg === 'request')
    expect(requests).toHaveLength(8_000)
    expect(new Set(requests.map(({ worker }) => worker)).size).toBe(4)
  })
})
