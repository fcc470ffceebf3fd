/** One server, several processes: clients must not be able to tell. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startSlowIssue } from '../crash/slow-request.ts'
import { removeFolder, runCli, temporaryFolder, type ServerProcess } from '../support/server-process.ts'
import {
  childrenOf,
  connect,
  eventsOf,
  isRunning,
  linesOf,
  startLoad,
  startWorkers,
  until,
  type Client,
} from './worker-processes.ts'

let data: string
let server: ServerProcess
const clients: Client[] = []

beforeEach(() => {
  data = temporaryFolder()
})

afterEach(async () => {
  clients.splice(0).forEach((client) => client.close())
  await server.stop('SIGKILL')
  removeFolder(data)
})

const start = async (workers: number, ...flags: string[]) =>
  (server = await startWorkers({ data, workers, flags }))

/** Kept connections, one after the other: each worker gets as many. */
async function openConnections(count: number): Promise<readonly Client[]> {
  const opened: Client[] = []
  for (let index = 0; index < count; index++) {
    const client = connect(server, { keepAlive: true })
    clients.push(client)
    expect((await client.issue()).status).toBe(201)
    opened.push(client)
  }
  return opened
}

describe('mintmark serve --workers', () => {
  it('spreads connections over all workers, and is ready once', async () => {
    await start(3)
    await openConnections(9)
    const pids = childrenOf(server.child.pid!)
    expect(pids).toHaveLength(3)
    expect(await server.stop()).toBe(0)
    const counts = pids.map(
      (pid) => linesOf(server).filter(({ msg, worker }) => msg === 'request' && worker === pid).length,
    )
    expect(counts).toEqual([3, 3, 3])
    expect(eventsOf(server, 'ready')).toMatchObject([{ url: server.url, workers: 3 }])
    expect(pids.some(isRunning)).toBe(false)
  })

  it('says where it is reached, in one file that is written by none of the workers', async () => {
    await start(2)
    const address = () => JSON.parse(readFileSync(join(data, 'server.json'), 'utf8'))
    expect(address()).toEqual({ url: server.url, localUrl: server.url, frontendUrl: null })
    expect(await server.stop()).toBe(0)
    expect(address()).toEqual({ url: server.url, localUrl: null, frontendUrl: null })
  })

  it('lets no second server use the folder', async () => {
    await start(2)
    const { code, stderr } = await runCli(['serve', '--port', '0', '--data', data])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^mintmark: Another Mintmark server uses the data folder /)
  })

  it('refuses on the next request, through every worker, what was revoked through one', async () => {
    await start(3)
    const connections = await openConnections(3)
    for (let round = 0; round < 30; round++) {
      const { token, id } = (await connections[0]!.issue()).body
      for (const each of connections) expect((await each.verify(token)).status).toBe(200)
      expect((await connections[round % 3]!.revoke(id)).status).toBe(200)
      const after = await Promise.all(connections.map((each) => each.verify(token)))
      expect(after.map(({ status }) => status)).toEqual([404, 404, 404])
    }
  })

  it('limits the requests of a key to about its rate over all workers', async () => {
    await start(2, '--rate-limit', '11')
    const connections = [connect(server, { keepAlive: true }), connect(server, { keepAlive: true })]
    clients.push(...connections)
    const statuses: number[][] = [[], []]
    for (let count = 0; count < 8; count++) {
      for (const [index, each] of connections.entries()) statuses[index]!.push((await each.issue()).status)
    }
    // Half of it each, rounded up; a window may have ended in between.
    for (const each of statuses) {
      expect(each.slice(0, 6)).toEqual([201, 201, 201, 201, 201, 201])
      expect(each.slice(6).every((status) => status === 429 || status === 201)).toBe(true)
    }
    expect(statuses.flat()).toContain(429)
  })
})

describe('a worker that is killed', () => {
  it('is replaced, the others go on, and no client waits for ever', async () => {
    await start(2)
    const load = startLoad(
      Array.from({ length: 24 }, (_, index) => connect(server, { keepAlive: index % 2 === 0 })),
      (client) => client.issue(),
    )
    for (let round = 0; round < 6; round++) {
      const before = load.answered
      await until(() => load.answered > before + 200)
      const [victim, other] = childrenOf(server.child.pid!) as [number, number]
      process.kill(victim, 'SIGKILL')
      await until(() => eventsOf(server, 'a new worker is ready').length === round + 1)
      expect(isRunning(other)).toBe(true)
    }
    await load.stop()
    expect(load.failures.filter(({ message }) => !/ECONNRESET|socket hang up|EPIPE/.test(message))).toEqual(
      [],
    )
    expect(eventsOf(server, 'a worker ended and is replaced')).toMatchObject(
      Array.from({ length: 6 }, () => ({ signal: 'SIGKILL' })),
    )
    expect((await connect(server, { keepAlive: false }).issue()).status).toBe(201)
    expect(await server.stop()).toBe(0)
  })

  it('has lost nothing that it acknowledged', async () => {
    await start(2)
    const [first, second] = (await openConnections(2)) as [Client, Client]
    const { token } = (await first.issue()).body
    for (const pid of childrenOf(server.child.pid!)) process.kill(pid, 'SIGKILL')
    await until(() => eventsOf(server, 'a worker ended and is replaced').length === 2)
    first.close()
    second.close()
    const verify = async () => {
      try {
        return (await connect(server, { keepAlive: false }).verify(token)).status
      } catch {
        return null
      }
    }
    let status = await verify()
    while (status === null) status = await verify()
    expect(status).toBe(200)
  })
})

describe('a server with workers that is told to stop', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s, finishes what is open and ends with 0', async (signal) => {
    await start(2)
    const pids = childrenOf(server.child.pid!)
    const slow = await Promise.all([startSlowIssue(server), startSlowIssue(server)])
    const stopped = server.stop(signal)
    // A terminal sends it to all of them; workers leave it to their supervisor.
    for (const pid of pids) process.kill(pid, signal)
    await until(() => eventsOf(server, 'stopping').length === 1)
    for (const each of slow) expect(await each.finish()).toMatchObject({ status: 201 })
    expect(await stopped).toBe(0)
    expect(pids.some(isRunning)).toBe(false)
    expect(eventsOf(server, 'stopped')).toHaveLength(1)
  })

  it('ends at once with 1 when it is told again', async () => {
    await start(2)
    const pids = childrenOf(server.child.pid!)
    const slow = await startSlowIssue(server)
    const stopped = server.stop()
    await until(() => eventsOf(server, 'stopping').length === 1)
    server.child.kill('SIGTERM')
    expect(await stopped).toBe(1)
    expect(await slow.cut).toBeInstanceOf(Error)
    await until(() => !pids.some(isRunning))
  })

  it('leaves no worker behind when its supervisor is killed, once they have finished what was open', async () => {
    await start(3)
    const pids = childrenOf(server.child.pid!)
    const slow = await startSlowIssue(server)
    server.child.kill('SIGKILL')
    await until(() => pids.filter(isRunning).length === 1)
    expect(await slow.finish()).toMatchObject({ status: 201, connection: 'close' })
    await until(() => !pids.some(isRunning))
  })
})

describe('a worker that is stuck', () => {
  // Stops one that runs and does nothing from keeping every connection that it is given.
  it('is ended and replaced, and the others go on', async () => {
    await start(2)
    const [stuck] = childrenOf(server.child.pid!) as [number]
    process.kill(stuck, 'SIGSTOP')
    await until(() => eventsOf(server, 'a new worker is ready').length === 1)
    expect(eventsOf(server, 'a worker ended and is replaced')).toMatchObject([{ worker: stuck }])
    expect(isRunning(stuck)).toBe(false)
    await openConnections(4)
    expect(await server.stop()).toBe(0)
  })
})
