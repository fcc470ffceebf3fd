/** A TCP proxy on loopback, between a server and its database, whose faults are switched while it runs. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface ChaosProxy {
  /** On 127.0.0.1; it stays the same, whatever the fault. */
  readonly port: number
  /** The same URL, but by way of this proxy. */
  through(url: string): string
  /** Connections that are open on the side of the clients. */
  connections(): number
  /** No fault from now on, but for the latency. What a freeze has held back is sent. */
  pass(): void
  /** Resets what is open, and whatever is opened. */
  cut(): void
  /** Accepts and forwards nothing, neither bytes nor ends: to both sides it looks as if the other were silent. */
  freeze(): void
  /** As `freeze`, but only from the server to its clients. */
  freezeDownstream(): void
  /** Milliseconds by which all is late, in each direction. Order and throughput stay. */
  latency(milliseconds: number): void
  /**
   * The next time that bytes of a client match, they are forwarded and its connection is then reset: it will
   * not know what the server did. The server sees an ordinary end after those bytes.
   *
   * @returns when that has happened, once
   */
  resetOn(matches: (bytes: Buffer) => boolean): Promise<void>
  /** Forwards new connections to another port from now on. */
  aim(port: number): void
  close(): Promise<void>
}

type Fault = 'none' | 'cut' | 'frozen' | 'frozen downstream'
type Direction = 'upstream' | 'downstream'

/** So much may wait in one direction of a connection; then no more is read. */
const MOST_HELD_BYTES = 1_048_576

interface Trap {
  readonly matches: (bytes: Buffer) => boolean
  sprung(): void
}

interface Chaos {
  fault: Fault
  latency: number
  port: number
  trap: Trap | null
  /** Called when the fault changes. */
  readonly waiting: Set<() => void>
  /** Of both sides. */
  readonly open: Set<Socket>
  clients: number
}

/** Commits that are sent as text, as a statement of their own. */
export const isCommit = (bytes: Buffer): boolean => /\bcommit\b/i.test(bytes.toString('latin1'))

/** @param port where to forward to, on 127.0.0.1 */
export async function startChaosProxy(port: number): Promise<ChaosProxy> {
  const chaos: Chaos = {
    fault: 'none',
    latency: 0,
    port,
    trap: null,
    waiting: new Set(),
    open: new Set(),
    clients: 0,
  }
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => accept(chaos, client))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return controlsOf(chaos, server)
}

function controlsOf(chaos: Chaos, server: Server): ChaosProxy {
  const { port } = server.address() as AddressInfo
  const turn = (fault: Fault) => {
    chaos.fault = fault
    for (const wake of chaos.waiting) wake()
    chaos.waiting.clear()
  }
  const cut = () => {
    turn('cut')
    for (const socket of chaos.open) socket.resetAndDestroy()
  }
  return {
    port,
    through(url) {
      const changed = new URL(url)
      changed.host = `127.0.0.1:${port}`
      return changed.href
    },
    connections: () => chaos.clients,
    pass: () => turn('none'),
    cut,
    freeze: () => turn('frozen'),
    freezeDownstream: () => turn('frozen downstream'),
    latency: (milliseconds) => void (chaos.latency = milliseconds),
    resetOn: (matches) => new Promise((sprung) => (chaos.trap = { matches, sprung })),
    aim: (target) => void (chaos.port = target),
    async close() {
      server.close()
      cut()
      await once(server, 'close')
    },
  }
}

function accept(chaos: Chaos, client: Socket): void {
  if (chaos.fault === 'cut') return void client.resetAndDestroy()
  chaos.clients++
  client.once('close', () => chaos.clients--)
  keep(chaos, client)
  client.pause()
  void mayPass(chaos, 'upstream').then(() => {
    if (client.destroyed) return
    const upstream = connect({ port: chaos.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    keep(chaos, upstream)
    forward(chaos, 'upstream', client, upstream)
    forward(chaos, 'downstream', upstream, client)
  })
}

function keep({ open }: Chaos, socket: Socket): void {
  open.add(socket)
  socket.once('close', () => open.delete(socket))
  // That it has ended is what counts; `forward` passes it on.
  socket.on('error', () => {})
}

/** Passes on, one after the other, what comes from one side: bytes, their end, and an end without notice. */
function forward(chaos: Chaos, direction: Direction, from: Socket, to: Socket): void {
  let held = 0
  let last = Promise.resolve()
  const later = (pass: () => void) => {
    const due = performance.now() + chaos.latency
    last = last.then(() => mayPass(chaos, direction, due)).then(pass)
  }
  from.on('data', (bytes: Buffer) => {
    held += bytes.length
    if (held > MOST_HELD_BYTES) from.pause()
    later(() => {
      held -= bytes.length
      if (held <= MOST_HELD_BYTES) from.resume()
      if (direction === 'upstream' && chaos.trap?.matches(bytes)) spring(chaos, bytes, from, to)
      else if (to.writable) to.write(bytes)
    })
  })
  from.once('end', () => later(() => to.end()))
  from.once('close', (failed) => later(() => void (failed ? to.resetAndDestroy() : to.end())))
  from.resume()
}

function spring(chaos: Chaos, bytes: Buffer, client: Socket, upstream: Socket): void {
  const { sprung } = chaos.trap!
  chaos.trap = null
  upstream.end(bytes)
  client.resetAndDestroy()
  sprung()
}

/** @returns when neither a freeze nor the latency forbids to pass on what is due then */
async function mayPass(chaos: Chaos, direction: Direction, due = 0): Promise<void> {
  const early = due - performance.now()
  if (early > 0) await sleep(early)
  while (isFrozen(chaos.fault, direction)) await new Promise<void>((wake) => chaos.waiting.add(wake))
}

const isFrozen = (fault: Fault, direction: Direction): boolean =>
  fault === 'frozen' || (fault === 'frozen downstream' && direction === 'downstream')
