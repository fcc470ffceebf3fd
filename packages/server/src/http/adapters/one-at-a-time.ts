/**
 * Requests of one connection are answered one after the other. Node hands over all that a client has sent
 * at once; were they all begun at once, one write of a client could hold up every other client and fill
 * the memory with answers that nobody reads.
 */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** @returns a function that begins what answers a request as soon as the one before it has been sent */
export function oneAtATime(): (socket: Socket, outgoing: ServerResponse, begin: () => void) => void {
  const waiting = new WeakMap<Socket, (() => void)[]>()

  function next(socket: Socket): void {
    const begin = waiting.get(socket)?.shift()
    if (begin === undefined) waiting.delete(socket)
    else begin()
  }

  return (socket, outgoing, begin) => {
    outgoing.once('close', () => next(socket))
    const queue = waiting.get(socket)
    if (queue !== undefined) {
      queue.push(begin)
      return
    }
    waiting.set(socket, [])
    begin()
  }
}
