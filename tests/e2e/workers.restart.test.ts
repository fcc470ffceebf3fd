/** A rolling restart: every worker is another afterwards, and no client has noticed. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { removeFolder, temporaryFolder, type ServerProcess } from '../support/server-process.ts'
import {
  childrenOf,
  connect,
  eventsOf,
  isRunning,
  startLoad,
  startWorkers,
  until,
} from './worker-processes.ts'

/** It only ends what hangs. */
const LONGEST_MS = 30_000

let data: string
let server: ServerProcess

beforeEach(() => {
  data = temporaryFolder()
})

afterEach(async () => {
  await server.stop('SIGKILL')
  removeFolder(data)
})

const replaced = (times: number) => until(() => eventsOf(server, 'all workers are replaced').length === times)

describe('a server with workers that gets SIGHUP', () => {
  it('replaces all of them under load, and no request fails', async () => {
    server = await startWorkers({ data, workers: 2 })
    const { token } = (await connect(server, { keepAlive: false }).issue()).body
    const clients = Array.from({ length: 32 }, (_, index) => connect(server, { keepAlive: index % 2 === 0 }))
    let turn = 0
    const load = startLoad(clients, (client) => (turn++ % 4 === 0 ? client.issue() : client.verify(token)))
    const before = childrenOf(server.child.pid!)
    for (let round = 1; round <= 4; round++) {
      const answered = load.answered
      await until(() => load.answered > answered + 200)
      server.child.kill('SIGHUP')
      await replaced(round)
    }
    const answered = load.answered
    await until(() => load.answered > answered + 200)
    await load.stop()
    expect(load.failures).toEqual([])
    await until(() => !before.some(isRunning))
    expect(childrenOf(server.child.pid!)).toHaveLength(2)
    expect(await server.stop()).toBe(0)
  })

  it('answers once more on a connection that was idle meanwhile, and ends it by saying so', async () => {
    server = await startWorkers({ data, workers: 2 })
    const idle = connect(server, { keepAlive: true })
    expect(await idle.issue()).toMatchObject({ status: 201, connection: 'keep-alive' })
    const before = childrenOf(server.child.pid!)
    server.child.kill('SIGHUP')
    await replaced(1)
    const running = before.filter(isRunning)
    expect(running).toHaveLength(1)
    const { status, connection } = await idle.issue()
    expect({ status, connection }).toEqual({ status: 201, connection: 'close' })
    await until(() => !before.some(isRunning))
    expect(await idle.issue()).toMatchObject({ status: 201, connection: 'keep-alive' })
    idle.close()
    expect(await server.stop()).toBe(0)
  })

  it('asked again while it is at it, does it once more', async () => {
    server = await startWorkers({ data, workers: 2 })
    for (let count = 1; count <= 2; count++) {
      server.child.kill('SIGHUP')
      await until(() => eventsOf(server, 'replacing all workers').length === count)
    }
    await replaced(2)
    expect(eventsOf(server, 'a worker is replaced')).toHaveLength(4)
    expect(await server.stop()).toBe(0)
  })
})

describe('a server whose new workers cannot start', () => {
  /** As a newer release would have left it: whoever runs goes on, but nobody new starts. */
  function changeSchema(statement: string): void {
    const database = new DatabaseSync(join(data, 'mintmark.db'), { timeout: 5_000 })
    database.exec(statement)
    database.close()
  }
  const makeNewer = () => changeSchema(`insert into kysely_migration values ('9999-of-the-future', '2099')`)
  const makeUsable = () => changeSchema(`delete from kysely_migration where name = '9999-of-the-future'`)

  it('keeps those it has when it gets SIGHUP, and says why', async () => {
    server = await startWorkers({ data, workers: 2 })
    const before = childrenOf(server.child.pid!)
    makeNewer()
    server.child.kill('SIGHUP')
    await until(() => eventsOf(server, 'a new worker could not start: the others go on').length === 1)
    expect(eventsOf(server, 'a new worker could not start: the others go on')).toMatchObject([
      { level: 'error', code: 1, fault: expect.stringMatching(/^The database has a newer schema /) },
    ])
    expect(childrenOf(server.child.pid!)).toEqual(before)
    expect((await connect(server, { keepAlive: false }).issue()).status).toBe(201)

    makeUsable()
    server.child.kill('SIGHUP')
    await replaced(1)
    expect(await server.stop()).toBe(0)
  })

  it('tries again less and less often, until one can', async () => {
    server = await startWorkers({ data, workers: 2 })
    const [victim] = childrenOf(server.child.pid!) as [number]
    makeNewer()
    process.kill(victim, 'SIGKILL')
    await until(() => eventsOf(server, 'a worker ended and is replaced').length >= 4)
    const delays = eventsOf(server, 'a worker ended and is replaced').map(({ delayMs }) => Number(delayMs))
    for (const [index, delay] of delays.slice(2).entries()) expect(delay).toBe(2 * delays[index + 1]!)
    expect((await connect(server, { keepAlive: false }).issue()).status).toBe(201)

    makeUsable()
    await until(() => eventsOf(server, 'a new worker is ready').length === 1)
    expect(await server.stop()).toBe(0)
  })
})

describe('/metrics of a server with workers', () => {
  const scrape = async () => (await fetch(server.metricsUrl!)).text()
  const issues = (count: number) =>
    `mintmark_requests_total{operation="m2mTokens.create",status="201"} ${count}\n`
  /** A worker that was busy when it was asked is asked again. */
  const untilCounted = (count: number) =>
    vi.waitFor(async () => expect(await scrape()).toContain(issues(count)), LONGEST_MS)

  it('has what all of them counted, also those that were replaced or killed', async () => {
    server = await startWorkers({ data, workers: 3, flags: ['--metrics-port', '0'] })
    const issue = async (count: number) => {
      const client = connect(server, { keepAlive: false })
      for (let done = 0; done < count; done++) expect((await client.issue()).status).toBe(201)
    }
    await issue(31)
    await untilCounted(31)
    expect(await scrape()).toContain(
      'mintmark_request_duration_seconds_count{operation="m2mTokens.create"} 31\n',
    )

    server.child.kill('SIGHUP')
    await replaced(1)
    await untilCounted(31)
    await issue(10)
    await untilCounted(41)

    const [victim] = childrenOf(server.child.pid!) as [number]
    process.kill(victim, 'SIGKILL')
    await until(() => eventsOf(server, 'a worker ended and is replaced').length === 1)
    await untilCounted(41)
    expect(await server.stop()).toBe(0)
  })
})
