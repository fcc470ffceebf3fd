import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder, runCli, startDev, type ServerProcess } from '../support/server-process.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await startDev()
})

afterAll(async () => {
  await server.stop()
  removeFolder(server.data)
})

const open = (): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(server.url).port) }, () =>
      resolve(socket),
    )
  })

describe('a request that is held back', () => {
  // Stops who has a leaked key from keeping a request in hand for the time after its end.
  it('is refused if its key has ended since its headers came', async () => {
    const socket = await open()
    const body = '{"name":"too late"}'
    socket.write(
      `POST /v1/machines HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.env.CLERK_SECRET_KEY}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`,
    )
    const { code } = await runCli(['instances', 'rotate-key', '--yes', '--data', server.data])
    expect(code).toBe(0)
    socket.write(body)
    let answer = ''
    for await (const chunk of socket.setEncoding('utf8')) answer += chunk
    expect(answer).toMatch(/^HTTP\/1\.1 401 /)
    expect(answer).toContain('clerk_key_invalid')
  })
})

describe('many requests in one write', () => {
  // Stops one client from filling the memory with answers that it does not read.
  it('are not begun before the ones before them are answered and read', async () => {
    const residentKb = async () => {
      return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${server.child.pid}/status`, 'utf8'))?.[1])
    }
    const before = await residentKb()
    const sockets = await Promise.all(Array.from({ length: 5 }, open))
    for (const socket of sockets) {
      socket.pause()
      socket.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1_500))
    }
    await sleep(1_000)
    // Unbounded, these would be half a gigabyte of answers.
    expect((await residentKb()) - before).toBeLessThan(120_000)
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200)
    for (const socket of sockets) socket.destroy()
  })

  // Stops one client, who needs no key, from holding up all others: Node keeps every request that it has read.
  it('cut their connection off if they are many, and hold nobody up', async () => {
    const socket = await open()
    const cut = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => {}).resume()
    socket.write('GET /x HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(60_000))
    await cut
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200)
  })
})
