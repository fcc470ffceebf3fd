import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createM2mClient } from '../crash/m2m-client.ts'
import {
  BIN,
  cleanEnvironment,
  removeFolder,
  runCli,
  startDev,
  temporaryFolder,
} from '../support/server-process.ts'
import { runShell } from './shell.ts'

let root: string
let data: string

beforeEach(() => {
  root = temporaryFolder()
  data = join(root, 'made', 'by-dev')
})

afterEach(() => removeFolder(root))

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

describe('mintmark dev, started for the first time', () => {
  it('makes a data folder, a master key and a database that only their owner can read', async () => {
    const server = await startDev({ data })
    expect(modeOf(data)).toBe('700')
    const files = readdirSync(data)
    expect(files).toEqual(expect.arrayContaining(['master.key', 'mintmark.db', 'mintmark.db-wal']))
    for (const file of files) expect(`${file} ${modeOf(join(data, file))}`).toBe(`${file} 600`)
    expect(readFileSync(join(data, 'master.key'), 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
    expect(await server.stop()).toBe(0)
  })

  it('is of use as soon as it says that it is ready', async () => {
    const server = await startDev({ data })
    const [ready, keys, issued] = await Promise.all([
      fetch(`${server.url}/health/ready`),
      fetch(`${server.url}/.well-known/jwks.json`),
      createM2mClient(server).issue(),
    ])
    expect(ready.status).toBe(200)
    expect(issued?.status).toBe(201)
    expect(keys.status).toBe(200)
    const { keys: published } = (await keys.json()) as { keys: { kid: string }[] }
    expect(published.map(({ kid }) => kid)).toEqual([server.env.MINTMARK_INSTANCE_ID])
    expect(await server.stop()).toBe(0)
  })

  // Stops a closed terminal from leaving a server behind that nobody sees and that keeps its folder.
  it('stops in good order when its terminal is closed', async () => {
    const server = await startDev({ data })
    const exited = once(server.child, 'exit')
    server.child.kill('SIGHUP')
    expect(await exited).toEqual([0, null])
    expect(server.log()).toContain('stopped')
  })

  it('prints a banner whose commands work as they stand', async () => {
    const child = spawn(process.execPath, [BIN, 'dev', '--port', '0', '--data', data], {
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const ended = once(child, 'exit')
    let banner = ''
    for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      banner += text
      if (banner.includes('Ctrl-C')) break
    }
    const commands = banner.split('\n').filter((line) => line.startsWith('M=') || line.startsWith('curl'))
    expect(commands).toHaveLength(3)
    const { code, stdout, stderr } = await runShell(commands.join('; echo\n'))
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [issued, verified, revoked] = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
    expect(verified).toMatchObject({ id: issued.id, revoked: false })
    expect(revoked).toMatchObject({ id: issued.id, revoked: true })
  })

  it('says that another program has its port, and ends with 1', async () => {
    const busy = await listen()
    const { code, stdout, stderr } = await runCli(['dev', '--port', String(busy.port), '--data', data])
    busy.close()
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(
      `mintmark: Cannot listen on 127.0.0.1 port ${busy.port}: another program listens there; --port 0 takes any port that is free.\n`,
    )
  })
})

describe('mintmark dev, started again', () => {
  it('keeps its instance, its machines and its keys', async () => {
    const first = await startDev({ data })
    await first.stop()
    const second = await startDev({ data })
    expect(unchanging(second.env)).toEqual(unchanging(first.env))
    expect(await machinesOf(second)).toEqual(['api', 'worker'])
    expect(await second.stop()).toBe(0)
  })

  it('keeps every token and every revocation', async () => {
    const first = await startDev({ data })
    const before = createM2mClient(first)
    const [opaque, jwt, revoked] = await Promise.all([
      before.issue('opaque'),
      before.issue('jwt'),
      before.issue('jwt'),
    ])
    await before.revoke(revoked?.body.id)
    expect(await first.stop()).toBe(0)

    const second = await startDev({ data })
    const after = createM2mClient(second)
    expect((await after.verify(opaque?.body.token))?.status).toBe(200)
    expect((await after.verify(jwt?.body.token))?.status).toBe(200)
    expect((await after.verify(revoked?.body.token))?.status).toBe(404)
    expect(await second.stop()).toBe(0)
  })

  it('refuses to make another master key for a database that has one', async () => {
    const server = await startDev({ data })
    await server.stop()
    rmSync(join(data, 'master.key'))
    const { code, stdout, stderr } = await runCli(['dev', '--port', '0', '--data', data])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(
      /^mintmark: \S+master\.key is gone, but the database beside it needs it: [^\n]+\n$/,
    )
    expect(existsSync(join(data, 'master.key'))).toBe(false)
  })

  it('refuses a master key that is not the one', async () => {
    const server = await startDev({ data })
    await server.stop()
    writeFileSync(join(data, 'master.key'), 'ab'.repeat(32))
    const { code, stderr } = await runCli(['dev', '--port', '0', '--data', data])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^mintmark: The master key is not the one this database was made with\./)
  })
})

describe('mintmark dev --in-memory', () => {
  const folderOf = (url: string) =>
    ['/dev/shm', tmpdir()]
      .filter((parent) => existsSync(parent))
      .flatMap((parent) => readdirSync(parent).map((name) => join(parent, name)))
      .filter((folder) => /\/mintmark-[^/]+$/.test(folder) && addressIn(folder) === url)

  it.each(['SIGTERM', 'SIGINT'] as const)('leaves no folder behind after %s', async (signal) => {
    const server = await startInMemory()
    expect((await createM2mClient(server).issue())?.status).toBe(201)
    const folders = folderOf(server.url)
    expect(folders).toHaveLength(1)
    expect(modeOf(folders[0]!)).toBe('700')
    expect(readdirSync(folders[0]!)).not.toContain('master.key')
    expect(await server.stop(signal)).toBe(0)
    expect(folders.filter((folder) => existsSync(folder))).toEqual([])
  })

  it('makes other keys each time', async () => {
    const servers = await Promise.all([startInMemory(), startInMemory()])
    const [first, second] = servers.map(({ env }) => env.CLERK_SECRET_KEY)
    expect(first).not.toBe(second)
    for (const server of servers) expect(await server.stop('SIGTERM')).toBe(0)
  })

  it('is refused together with a folder to keep', async () => {
    const { code, stdout, stderr } = await runCli(['dev', '--in-memory', '--port', '0', '--data', data])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^mintmark: --in-memory keeps nothing, [^\n]+\n$/)
    expect(existsSync(data)).toBe(false)
  })
})

async function startInMemory() {
  const child = spawn(process.execPath, [BIN, 'dev', '--in-memory', '--json', '--port', '0'], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  let out = ''
  for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    out += text
    if (out.endsWith('}\n')) break
  }
  return {
    ...(JSON.parse(out) as { url: string; env: Record<string, string> }),
    stop(signal: NodeJS.Signals) {
      child.kill(signal)
      return ended
    },
  }
}

function addressIn(folder: string): string | null {
  try {
    return JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8')).url
  } catch {
    return null
  }
}

/** What does not follow from the port, which is another each time. */
const unchanging = ({ CLERK_API_URL: _url, CLERK_PUBLISHABLE_KEY: _key, ...env }: Record<string, string>) =>
  env

async function machinesOf({ url, env }: { url: string; env: Readonly<Record<string, string>> }) {
  const response = await fetch(`${url}/v1/machines?order_by=name`, {
    headers: { authorization: `Bearer ${env.CLERK_SECRET_KEY}` },
  })
  const { data: machines } = (await response.json()) as { data: { name: string }[] }
  return machines.map(({ name }) => name)
}

async function listen(): Promise<{ port: number; close(): void }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, close: () => server.close() }
}
