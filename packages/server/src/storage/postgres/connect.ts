/** Connections to PostgreSQL: one at a time, and a pool of them. */
import pg from 'pg'
import type { Hosts } from './hosts.ts'

export interface ConnectOptions {
  readonly hosts: Hosts
  /** Whether a pooler stands between, which may give each transaction another session. */
  readonly pooled: boolean
  /** Nobody waits longer for an answer; then the connection is given up, and what was asked is not known. */
  readonly queryTimeoutMs?: number
  /** Whether it is for requests, which do not wait for long, or for a command. */
  readonly forRequests?: boolean
}

/** No request waits longer for a connection, be it new or one of the pool that is in use. */
const CONNECT_TIMEOUT_MS = 2_000

/** What can wait, does: a busy server should not end a command, or a start. */
const PATIENT_CONNECT_TIMEOUT_MS = 10_000

/** A little longer than the server is given. */
const QUERY_TIMEOUT_MS = 3_500

const { INT8, BYTEA } = pg.types.builtins
const toBuffer = pg.types.getTypeParser(BYTEA) as (text: string) => Buffer

/** As other databases give them. Milliseconds fit into a number for 285,000 years, and so do counts. */
const PARSERS = new Map<number, (text: string) => unknown>([
  [INT8, Number],
  [BYTEA, (text) => new Uint8Array(toBuffer(text))],
])

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    PARSERS.get(oid) ?? (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
}

/** Nobody waits longer for a lock than for an answer, and a node that was stopped does not keep locks. */
const LIMITS = {
  statement_timeout: 3_000,
  lock_timeout: 3_000,
  idle_in_transaction_session_timeout: 3_000,
} as const

export interface BeginOptions extends Pick<ConnectOptions, 'pooled'> {
  /** False for what a crash may undo: its commit is answered before it has reached the disk, or a standby. */
  readonly durable?: boolean
}

/** The statement that begins a transaction: through a pooler, with the limits that the connection cannot have. */
export const beginStatement = ({ pooled, durable = true }: BeginOptions): string => {
  const limits = Object.entries(LIMITS).map(([name, value]) => `set local ${name} = ${value}`)
  const sync = durable ? [] : ['set local synchronous_commit = off']
  return ['begin', ...(pooled ? limits : []), ...sync].join('; ')
}

/** A client that connects to the current host, whatever it is told otherwise. */
function clientClass({ hosts, pooled, forRequests, queryTimeoutMs = QUERY_TIMEOUT_MS }: ConnectOptions) {
  return class extends pg.Client {
    readonly url: string
    /** Whether the server has warned since this was last looked at: of a commit, that it may not be everywhere. */
    warned = false
    constructor() {
      const url = hosts.current()
      super({
        connectionString: url,
        application_name: 'mintmark',
        types,
        keepAlive: true,
        connectionTimeoutMillis: forRequests ? CONNECT_TIMEOUT_MS : PATIENT_CONNECT_TIMEOUT_MS,
        query_timeout: queryTimeoutMs,
        pipeline: true,
        // A pooler does not take them from who connects.
        ...(forRequests && !pooled && LIMITS),
      })
      this.url = url
      // Whoever asks is told by what he asked; an idle connection that ends is nobody's fault.
      this.on('error', () => {})
      this.on('notice', ({ severity }) => (this.warned ||= severity === 'WARNING'))
      let connected = false
      this.once('connect', () => (connected = true)).once('end', () => {
        if (!connected) hosts.next(url)
      })
    }
  }
}

export type Client = InstanceType<ReturnType<typeof clientClass>>

/** Tries every host once. @throws the last one's error */
export async function connectClient(options: ConnectOptions): Promise<pg.Client> {
  for (let left = options.hosts.count - 1; ; left--) {
    const client = new (clientClass(options))()
    try {
      await client.connect()
      await requirePrimary(options, client)
      return client
    } catch (error) {
      options.hosts.next(client.url)
      void client.end().catch(() => {})
      if (left === 0) throw error
    }
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
    // The pool waits for it, though its type does not say so.
    onConnect: ((client: Client) => requirePrimary(options, client)) as unknown as () => void,
  })
  pool.on('error', () => {})
  return pool
}
