/** Connections to PostgreSQL: one at a time, and a pool of them. */
import pg from 'pg'
import type { Hosts } from './hosts.ts'

export interface ConnectOptions {
  readonly hosts: Hosts
  /** Whether a pooler stands between, which may give each transaction another session. */
  readonly pooled: boolean
}

/** Nobody waits longer for a connection, be it new or one of the pool that is in use. */
const CONNECT_TIMEOUT_MS = 2_000

/** Nobody waits longer for an answer; then the connection is given up, and what was asked is not known. */
const QUERY_TIMEOUT_MS = 4_000

const { INT8, BYTEA } = pg.types.builtins
const toBuffer = pg.types.getTypeParser(BYTEA) as (text: string) => Buffer

/** As other databases give them. Milliseconds fit into a number for 285,000 years, and so do counts. */
const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  [INT8]: Number,
  [BYTEA]: (text) => new Uint8Array(toBuffer(text)),
}

const types = {
  getTypeParser: ((oid: number, format?: 'text') =>
    PARSERS[oid] ?? pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
}

/** A client that connects to the current host, whatever it is told otherwise. */
function clientClass({ hosts }: ConnectOptions) {
  return class extends pg.Client {
    readonly url: string
    constructor() {
      const url = hosts.current()
      super({
        connectionString: url,
        application_name: 'mintmark',
        types,
        keepAlive: true,
        connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
        query_timeout: QUERY_TIMEOUT_MS,
        pipeline: true,
      } as pg.ClientConfig)
      this.url = url
      // Whoever asks is told by what he asked; an idle connection that ends is nobody's fault.
      this.on('error', () => {})
      let connected = false
      this.once('connect', () => (connected = true)).once('end', () => {
        if (!connected) hosts.next(url)
      })
    }
  }
}

type Client = InstanceType<ReturnType<typeof clientClass>>

/** @throws the driver's error; the next attempt goes to another host, if there is one */
export async function connectClient(options: ConnectOptions): Promise<pg.Client> {
  const client = new (clientClass(options))()
  try {
    await client.connect()
    await requirePrimary(options, client)
    return client
  } catch (error) {
    void client.end().catch(() => {})
    throw error
  }
}

/** Of several hosts one takes writes; of a single one that is found out by trying. */
async function requirePrimary({ hosts }: ConnectOptions, client: Client): Promise<void> {
  if (hosts.count === 1) return
  const { rows } = await client.query<{ standby: boolean }>('select pg_is_in_recovery() as standby')
  if (rows[0]!.standby) {
    hosts.next(client.url)
    throw new Error('It is a standby.')
  }
}

export function createPool(options: ConnectOptions, size: number): pg.Pool {
  const pool = new pg.Pool({
    Client: clientClass(options),
    max: size,
    idleTimeoutMillis: 60_000,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    onConnect: (client: pg.ClientBase) => requirePrimary(options, client as Client),
  } as pg.PoolConfig)
  pool.on('error', () => {})
  return pool
}
