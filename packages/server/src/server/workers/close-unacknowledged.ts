import type { Worker } from 'node:cluster'

interface ClusterMessage {
  readonly cmd?: string
  readonly act?: string
  readonly seq?: number
  readonly ack?: number
}

/**
 * Node's cluster hands a connection to a worker and keeps its own end until the worker has acknowledged it.
 * If the worker is killed in between, Node forgets the connection without closing it, and its client would
 * wait for ever. This closes it, so that the client can ask again.
 *
 * It reads Node's messages between the processes, which are not documented: should their form change, this
 * does nothing, and the test that kills workers under load says so.
 */
export function closeUnacknowledged({ process }: Worker): void {
  let handedOver: { readonly seq: number | undefined; readonly handle: { close(): void } } | null = null
  const send = process.send as (...args: unknown[]) => boolean
  process.send = (...args: unknown[]) => {
    const [message, handle] = args as [ClusterMessage, { close(): void } | undefined]
    if (message.cmd === 'NODE_CLUSTER' && message.act === 'newconn' && handle) {
      // One at a time: the next waits for the acknowledgement.
      handedOver = { seq: message.seq, handle }
    }
    return send.apply(process, args)
  }
  process.on('internalMessage', ({ ack }: ClusterMessage) => {
    if (ack !== undefined && ack === handedOver?.seq) handedOver = null
  })
  // Not `disconnect`, which waits for that acknowledgement too.
  process.once('close', () => handedOver?.handle.close())
}
