/** Lets a listener finish what it has begun. */
import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** No request is waited for longer than this once the server is to stop. */
const LONGEST_DRAIN_MS = 10_000

export interface OpenRequests {
  readonly count: number
  /** Answers from now on end their connection. */
  lastOnes(): void
}

/** Counts the requests that a listener has begun and not finished. */
export function trackRequests(server: Server): OpenRequests {
  let count = 0
  let closing = false
  server.prependListener('request', (_request, response) => {
    count++
    if (closing) response.setHeader('Connection', 'close')
    response.once('close', () => count--)
  })
  return {
    get count() {
      return count
    },
    lastOnes: () => void (closing = true),
  }
}

/**
 * Goes on serving for `delayMs`, then until no request is open, ten seconds at most. New connections are
 * taken until the end, so that a readiness probe is told and not refused; idle ones are left as they are, for
 * a request may be on its way.
 */
export async function drain(requests: OpenRequests, delayMs: number): Promise<void> {
  await sleep(delayMs)
  requests.lastOnes()
  const deadline = performance.now() + LONGEST_DRAIN_MS
  while (requests.count > 0 && performance.now() < deadline) await sleep(10)
}

/**
 * Leaves the address to another worker that listens on it too, and loses no request: a kept connection is
 * ended by its next answer, which says so, or when its client or its own time limit does. To end an idle one
 * now could meet a request that is on its way.
 *
 * @returns fulfilled when no connection is left
 */
export async function retire(server: Server, requests: OpenRequests): Promise<void> {
  requests.lastOnes()
  // The one of `node:http` ends idle connections at once.
  const over = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()))
  const longest = server.keepAliveTimeout + LONGEST_DRAIN_MS
  await Promise.race([over, sleep(longest, undefined, { ref: false })])
}
