import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findFreePort } from '../support/free-port.ts'
import { removeNodes, startNodes, type ServerNode } from './node-process.ts'

/** Long enough for an answer to come that should not. */
const A_WHILE_MS = 100

let nodes: ServerNode[]

beforeAll(async () => {
  nodes = await startNodes(2, () => ({ MINTMARK_MASTER_KEY: randomBytes(32).toString('hex') }))
})

afterAll(() => removeNodes(nodes))

const statusOf = async ({ url }: ServerNode): Promise<number | null> =>
  fetch(`${url}/health/ready`).then(
    ({ status }) => status,
    () => null,
  )

describe('nodes', () => {
  it('are ready, each on a port and in a folder of its own', async () => {
    expect(await Promise.all(nodes.map(statusOf))).toEqual([200, 200])
    expect(new Set(nodes.flatMap(({ url, data }) => [url, data])).size).toBe(4)
  })

  it('are killed alone, and come back on the same port with their data', async () => {
    const [one, other] = nodes as [ServerNode, ServerNode]
    await one.kill9()
    expect([one.running(), other.running()]).toEqual([false, true])
    expect(await Promise.all([one, other].map(statusOf))).toEqual([null, 200])
    await one.start()
    expect(await statusOf(one)).toBe(200)
    await expect(one.start()).rejects.toThrow('runs already')
  })

  it('answer nothing while they are paused, and go on afterwards', async () => {
    const [one, other] = nodes as [ServerNode, ServerNode]
    one.pause()
    let answered = false
    const asking = statusOf(one).finally(() => (answered = true))
    await sleep(A_WHILE_MS)
    expect(answered).toBe(false)
    expect(await statusOf(other)).toBe(200)
    one.resume()
    expect(await asking).toBe(200)
  })

  it('end in order when they are told to, paused or not', async () => {
    nodes[1]!.pause()
    expect(await Promise.all(nodes.map((node) => node.stop()))).toEqual([0, 0])
    expect(nodes[0]!.log()).toContain('"msg"')
  })

  it('are not left behind when one cannot start', async () => {
    const metricsPort = await findFreePort()
    const starting = startNodes(2, (place): Record<string, string> =>
      place === 0
        ? { MINTMARK_MASTER_KEY: randomBytes(32).toString('hex'), MINTMARK_METRICS_PORT: String(metricsPort) }
        : {},
    )
    await expect(starting).rejects.toThrow('ended before it was ready')
    await expect(fetch(`http://127.0.0.1:${metricsPort}/metrics`)).rejects.toThrow('fetch failed')
  })
})
