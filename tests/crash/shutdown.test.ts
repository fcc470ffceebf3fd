/** How a server ends, and that no two share a folder. */
import { readdirSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { removeFolder, runCli, startDev, type ServerProcess } from '../support/server-process.ts'
import { createM2mClient } from './m2m-client.ts'
import { get, startSlowIssue } from './slow-request.ts'
import { readTokenRecords } from './token-records.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

let server: ServerProcess
const folders: string[] = []

beforeEach(async () => {
  server = await startDev()
  folders.push(server.data)
})

afterEach(() => server.stop('SIGKILL'))

afterAll(() => folders.forEach(removeFolder))

describe.each(SIGNALS)('a server that gets %s', (signal) => {
  it('finishes the request that is open, is not ready meanwhile, and ends with 0', async () => {
    const slow = await startSlowIssue(server)
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200)
    const stopped = server.stop(signal)
    await untilNotReady()
    const { status, connection, body } = await slow.finish()
    expect(status).toBe(201)
    expect(connection).toBe('close')
    expect(await stopped).toBe(0)

    const again = await startDev({ data: server.data })
    expect((await createM2mClient(again).verify(body.token))?.status).toBe(200)
    expect(await again.stop()).toBe(0)
  })

  it('answers requests that come while it waits', async () => {
    const slow = await startSlowIssue(server)
    const stopped = server.stop(signal)
    await untilNotReady()
    const client = createM2mClient(server)
    const issued = await client.issue()
    expect(issued?.status).toBe(201)
    expect((await client.verify(issued?.body.token))?.status).toBe(200)
    await slow.finish()
    expect(await stopped).toBe(0)
  })

  it('writes when tokens were used last before it ends', async () => {
    const client = createM2mClient(server)
    const issued = await client.issue()
    const before = Date.now()
    expect((await client.verify(issued?.body.token))?.status).toBe(200)
    expect(await server.stop(signal)).toBe(0)
    const lastUsedAt = readLastUse(issued?.body.id)
    expect(lastUsedAt).toBeGreaterThanOrEqual(before - 1_000)
    expect(lastUsedAt).toBeLessThanOrEqual(Date.now() + 1_000)
  })

  it('ends at once with 1 when it gets it again', async () => {
    const slow = await startSlowIssue(server)
    const stopped = server.stop(signal)
    await untilNotReady()
    server.child.kill(signal)
    expect(await stopped).toBe(1)
    expect(await slow.cut).toBeInstanceOf(Error)
  })
})

describe('a server that is told to stop', () => {
  it('does not wait for a connection that is kept and idle', async () => {
    const agent = new Agent({ keepAlive: true })
    expect((await get(`${server.url}/health/live`, agent)).status).toBe(200)
    expect(await server.stop()).toBe(0)
    agent.destroy()
  })

  it('leaves one whole database file, and nothing of its log', async () => {
    await createM2mClient(server).issue()
    expect(await server.stop()).toBe(0)
    expect(readdirSync(server.data).sort()).toEqual([
      'master.key',
      'mintmark.db',
      'server.json',
      'server.lock',
    ])
    expect(readTokenRecords(server.data)).toMatchObject({ integrity: 'ok', halves: [] })
  })

  it('waits as long as --shutdown-delay says, not ready and serving', async () => {
    const delayed = await startDev({ environment: { MINTMARK_SHUTDOWN_DELAY: '5' } })
    folders.push(delayed.data)
    const stopped = delayed.stop()
    await untilNotReady(delayed)
    expect((await createM2mClient(delayed).issue())?.status).toBe(201)
    expect(await stopped).toBe(0)
  })

  it('cuts a request that is still open after ten seconds, and ends with 0', async () => {
    const slow = await startSlowIssue(server)
    const began = performance.now()
    const stopped = server.stop()
    expect(await slow.cut).toBeInstanceOf(Error)
    expect(performance.now() - began).toBeGreaterThan(9_000)
    expect(await stopped).toBe(0)
  })
})

describe('a second server on the same folder', () => {
  it('is refused with one clear sentence and 1, and the first goes on', async () => {
    const client = createM2mClient(server)
    const issued = await client.issue()
    const second = await runCli(['dev', '--port', '0', '--data', server.data])
    expect(second.code).toBe(1)
    expect(second.stdout).toBe('')
    expect(second.stderr).toBe(
      `mintmark: Another Mintmark server uses the data folder ${server.data}. Stop it, or use another with --data.\n`,
    )
    expect((await client.verify(issued?.body.token))?.status).toBe(200)
    expect((await client.issue())?.status).toBe(201)
  })

  it('starts as soon as the first was killed', async () => {
    const issued = await createM2mClient(server).issue()
    await server.stop('SIGKILL')
    const second = await startDev({ data: server.data })
    expect((await createM2mClient(second).verify(issued?.body.token))?.status).toBe(200)
    expect(await second.stop()).toBe(0)
  })
})

/** The signal has arrived once the server says so itself. */
async function untilNotReady({ url } = server): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/health/ready`)
    const body = (await response.json()) as { errors?: [{ code: string }] }
    if (response.status === 503) {
      expect(body.errors?.[0].code).toBe('service_unavailable')
      expect(response.headers.get('retry-after')).toBe('1')
      return
    }
    expect(response.status).toBe(200)
    await sleep(5)
  }
}

function readLastUse(id: string): number {
  const database = new DatabaseSync(join(server.data, 'mintmark.db'), { readOnly: true })
  const row = database.prepare('select last_used_at from m2m_token_uses where token_id = ?').get(id)
  database.close()
  return Number(row?.last_used_at)
}
