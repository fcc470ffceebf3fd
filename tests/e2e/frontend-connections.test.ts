import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder, startDev, type ServerProcess } from '../support/server-process.ts'

let server: ServerProcess
let port: number
const sockets: Socket[] = []

beforeAll(async () => {
  server = await startDev({ flags: ['--frontend-port', '0'] })
  const { frontendUrl } = server as ServerProcess & { readonly frontendUrl: string }
  port = Number(new URL(frontendUrl).port)
})

afterAll(() => {
  for (const socket of sockets) socket.destroy()
  removeFolder(server.data)
})

async function open(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  sockets.push(socket)
  await once(socket, 'connect')
  return socket
}

describe('a frontend that speaks TLS', () => {
  it('ends a connection that speaks something else', async () => {
    const socket = await open()
    const closed = once(socket, 'close')
    let answer = ''
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text))
    socket.write('GET / HTTP/1.1\r\nHost: clerk.localhost\r\n\r\n')
    await closed
    expect(answer).not.toContain('HTTP/1.1')
  })

  // Stops strangers who say nothing from keeping connections for ever, and the server from ending.
  it('stops while somebody has connected and says nothing, or half of a greeting', async () => {
    const silent = await open()
    const half = await open()
    half.write(Buffer.from([0x16, 0x03, 0x01]))
    const closed = [once(silent.resume(), 'close'), once(half.resume(), 'close')]
    expect(await server.stop()).toBe(0)
    await Promise.all(closed)
  })
})
