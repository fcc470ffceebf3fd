/**
 * When a request is begun. Those of one connection are answered one after the other: Node hands over all
 * that a client has sent at once; were they all begun at once, one write of a client could hold up every
 * other client and fill the memory with answers that nobody reads. And those that were read from their
 * sockets in one turn of the event loop are begun together at its end: by then their bodies are there
 * too, and what has to be done once for all of them is done once (`Storage.catchUp`).
 */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * As many as may wait on one connection. Clients that send ahead send a few; whoever sends more than this
 * before the first is answered is cut off, because Node reads on and keeps them all.
 */
const MOST_WAITING = 256

/** The requests of one connection. */
interface Line {
  isBusy: boolean
  readonly waiting: (() => void)[]
}

/** @returns a function that begins what answers a request as soon as the one before it has been sent */
export function oneAtATime(): (socket: Socket, outgoing: ServerResponse, begin: () => void) => void {
  const lines = new WeakMap<Socket, Line>()
  let ready: (() => void)[] = []

  function beginAll(): void {
    const all = ready
    ready = []
    for (const begin of all) begin()
  }

  function beginLater(begin: () => void): void {
    if (ready.push(begin) === 1) setImmediate(beginAll)
  }

  function lineOf(socket: Socket): Line {
    let line = lines.get(socket)
    if (line === undefined) lines.set(socket, (line = { isBusy: false, waiting: [] }))
    return line
  }

  function next(line: Line): void {
    const begin = line.waiting.shift()
    if (begin === undefined) line.isBusy = false
    else beginLater(begin)
  }

  return (socket, outgoing, begin) => {
    const line = lineOf(socket)
    outgoing.on('close', () => next(line))
    if (!line.isBusy) {
      line.isBusy = true
      beginLater(begin)
    } else if (line.waiting.length >= MOST_WAITING) socket.destroy()
    else line.waiting.push(begin)
  }
}
