import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { isCommit, startChaosProxy, type ChaosProxy } from './chaos-proxy.ts'

/** Long enough for bytes to arrive that should not. */
const A_WHILE_MS = 100

/** Answers each message by the same in capitals, and keeps what it got. */
interface Echo {
  readonly server: Server
  readonly port: number
  readonly sockets: Socket[]
  received: string
}

let echo: Echo
let proxy: ChaosProxy

beforeEach(async () => {
  echo = await startEcho()
  proxy = await startChaosProxy(echo.port)
})

afterEach(async () => {
  await proxy.close()
  for (const socket of echo.sockets) socket.destroy()
  echo.server.close()
})

async function startEcho(): Promise<Echo> {
  const server = createServer((socket) => {
    made.sockets.push(socket)
    socket.on('error', () => {})
    socket.setEncoding('utf8').on('data', (text: string) => {
      made.received += text
      socket.write(text.toUpperCase())
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const made: Echo = { server, port: (server.address() as AddressInfo).port, sockets: [], received: '' }
  return made
}

interface Caller {
  readonly socket: Socket
  readonly received: () => string
  /** The code of what broke the connection, or `null` if it was ended in order. */
  readonly ended: Promise<string | null>
}

function call(): Caller {
  const socket = connect(proxy.port, '127.0.0.1')
  let received = ''
  let broken: string | null = null
  socket.setEncoding('utf8').on('data', (text: string) => (received += text))
  socket.on('error', (error: NodeJS.ErrnoException) => (broken = error.code ?? error.name))
  const ended = new Promise<string | null>((resolve) => socket.once('close', () => resolve(broken)))
  return { socket, received: () => received, ended }
}

async function say(caller: Caller, text: string): Promise<void> {
  const before = caller.received().length
  caller.socket.write(text)
  while (caller.received().length < before + text.length) await once(caller.socket, 'data')
  expect(caller.received().slice(before)).toBe(text.toUpperCase())
}

describe('a chaos proxy', () => {
  it('forwards in both directions what and in which order it gets it, also in large pieces', async () => {
    const caller = call()
    for (const size of [1, 1_000, 4_000_000, 1]) await say(caller, 'abcdefg'.repeat(size))
    caller.socket.end()
    expect(await caller.ended).toBe(null)
    expect(proxy.connections()).toBe(0)
  })

  it('resets what is open and what is opened once it is cut, until it passes again', async () => {
    const [one, other] = [call(), call()]
    await Promise.all([say(one, 'one'), say(other, 'other')])
    expect(proxy.connections()).toBe(2)
    proxy.cut()
    expect(await Promise.all([one.ended, other.ended, call().ended])).toEqual(Array(3).fill('ECONNRESET'))
    expect(proxy.connections()).toBe(0)
    proxy.pass()
    await say(call(), 'again')
  })

  it('holds everything back while it is frozen, ends and new connections too, and sends it afterwards', async () => {
    const [ending, staying] = [call(), call()]
    await Promise.all([say(ending, 'a'), say(staying, 'a')])
    proxy.freeze()
    const late = call()
    await once(late.socket, 'connect')
    for (const { socket } of [staying, late]) socket.write('held')
    ending.socket.end()
    await sleep(A_WHILE_MS)
    expect(echo.received).toBe('aa')
    expect(echo.sockets.map(({ readableEnded }) => readableEnded)).toEqual([false, false])
    expect([staying.received(), late.received()]).toEqual(['A', ''])
    proxy.pass()
    expect(await ending.ended).toBe(null)
    while (late.received() !== 'HELD' || staying.received() !== 'AHELD') await sleep(1)
    expect(echo.received).toBe('aaheldheld')
  })

  it('still forwards to the server while it is frozen downstream', async () => {
    const caller = call()
    await say(caller, 'a')
    proxy.freezeDownstream()
    caller.socket.write('b')
    while (echo.received !== 'ab') await sleep(1)
    await sleep(A_WHILE_MS)
    expect(caller.received()).toBe('A')
    proxy.pass()
    await once(caller.socket, 'data')
    expect(caller.received()).toBe('AB')
  })

  it('is late by its latency in each direction', async () => {
    const caller = call()
    await say(caller, 'a')
    proxy.latency(100)
    const began = performance.now()
    await say(caller, 'b')
    // Timers may be early by a part of a millisecond.
    expect(performance.now() - began).toBeGreaterThan(198)
  })

  it('forwards the bytes that match and then resets their connection, once', async () => {
    const [one, other] = [call(), call()]
    await Promise.all([say(one, 'one'), say(other, 'two')])
    const reset = proxy.resetOn((bytes) => bytes.includes('stop'))
    await say(one, 'go on')
    other.socket.write('please stop')
    await reset
    expect(await other.ended).toBe('ECONNRESET')
    expect(other.received()).toBe('TWO')
    await say(one, 'stop')
    expect(echo.received).toContain('please stop')
  })

  it('resets its client where nobody listens, and forwards to another port once aimed there', async () => {
    const second = await startEcho()
    echo.server.close()
    expect(await call().ended).toBe('ECONNRESET')
    proxy.aim(second.port)
    const caller = call()
    await say(caller, 'hello')
    expect(second.received).toBe('hello')
    second.sockets.forEach((socket) => socket.destroy())
    second.server.close()
  })
})

describe('a chaos proxy in front of PostgreSQL', () => {
  let database: TestDatabase

  beforeEach(async () => {
    database = await freshDatabase()
    await database.query('create table words (word text)')
    proxy.aim(Number(new URL(database.url).port))
  })

  afterEach(() => database.drop())

  it('leaves a client without the result of a commit that was made', async () => {
    const client = new Client({ connectionString: proxy.through(database.url) })
    client.on('error', () => {})
    await client.connect()
    await client.query('begin')
    await client.query("insert into words values ('kept')")
    const reset = proxy.resetOn(isCommit)
    await expect(client.query('commit')).rejects.toMatchObject({ code: 'ECONNRESET' })
    await reset
    while ((await database.query('select word from words')).length === 0) await sleep(1)
    expect(await database.query('select word from words')).toEqual([{ word: 'kept' }])
  })
})
