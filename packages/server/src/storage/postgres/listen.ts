/**
 * Listens for the word that something was written to the log. It is a hint and no more: who misses it reads
 * the log a little later. The connection is one of its own, and never through a pooler.
 */
import type pg from 'pg'
import { connectClient, type ConnectOptions } from './connect.ts'
import { CHANNEL } from './transactions.ts'

const LONGEST_PAUSE_MS = 5_000

/** @param onWord also called after each time it was away, because nobody knows what it has missed */
export function listen(options: ConnectOptions, onWord: () => void): { close(): Promise<void> } {
  let client: pg.Client | null = null
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let failures = 0

  async function connect(): Promise<void> {
    try {
      const connected = await connectClient(options)
      connected.once('end', retry)
      client = connected
      if (closed) return void connected.end()
      connected.on('notification', onWord)
      await connected.query(`listen ${CHANNEL}`)
      failures = 0
      onWord()
    } catch {
      if (client === null) retry()
      else void client.end()
    }
  }

  function retry(): void {
    client = null
    if (closed) return
    clearTimeout(timer)
    timer = setTimeout(() => void connect(), Math.min(LONGEST_PAUSE_MS, 50 * 2 ** failures++)).unref()
  }

  void connect()
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await client?.end().catch(() => {})
    },
  }
}
