/** One connection of the pool, with the stores on it. It has one transaction at a time. */
import type pg from 'pg'
import type { AuditEvent } from '../../audit/audit-event.ts'
import { collectChanges, type CollectedChanges } from '../cache/changes.ts'
import { createStores } from '../ports.ts'
import type { SqlConnection } from '../sql-connection.ts'
import type { Stores } from '../storage.ts'
import { createSql, type Statement } from './connection.ts'

/** What became of a promise, which then is rejected for nobody. */
export type Settled<T> = { readonly value: T } | { readonly error: unknown }

export const settled = <T>(promise: Promise<T>): Promise<Settled<T>> =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )

export interface Session {
  readonly client: pg.PoolClient
  readonly sql: SqlConnection
  readonly stores: Stores
  readonly changes: CollectedChanges
  /** An audit event of the transaction: by it one can find out later whether that was committed. */
  audited: AuditEvent | null
  /** What was sent without waiting for it. If any of it fails, the transaction cannot be committed. */
  readonly sent: Promise<Settled<unknown>>[]
  /** Whether the transaction has the lock that lets one of its kind run at a time. */
  alone: boolean
}

export function createSessions(toStatement: (sql: string) => Statement): (client: pg.PoolClient) => Session {
  const sessions = new WeakMap<pg.PoolClient, Session>()
  return (client) => {
    let session = sessions.get(client)
    if (session === undefined) sessions.set(client, (session = open(client, toStatement)))
    session.changes.take()
    session.audited = null
    session.sent.length = 0
    session.alone = false
    return session
  }
}

function open(client: pg.PoolClient, toStatement: (sql: string) => Statement): Session {
  const sql = createSql(toStatement, client)
  const changes = collectChanges()
  const session: Session = {
    client,
    sql,
    changes,
    audited: null,
    sent: [],
    alone: false,
    stores: null as never,
  }
  const stores = createStores(sql, changes)
  return Object.assign(session, {
    stores: {
      ...stores,
      // What decides by what it reads must not be overtaken by another that does. These are few and rare, so
      // one of them runs at a time, whoever's directory it is.
      masterKeys: alone(session, stores.masterKeys),
      instances: alone(session, stores.instances),
      signingKeys: alone(session, stores.signingKeys),
      machines: alone(session, stores.machines),
      users: alone(session, stores.users),
      m2mTokens: {
        ...stores.m2mTokens,
        async insert(token) {
          session.sent.push(settled(stores.m2mTokens.insert(token)))
        },
        // Tokens are many, so only those of one machine wait for each other, and those that ask for one.
        async find(instanceId, id) {
          await sql.get('select id from m2m_tokens where id = ? for no key update', id)
          return stores.m2mTokens.find(instanceId, id)
        },
        async findPooled(instanceId, query) {
          await sql.get('select id from machines where id = ? for no key update', query.subject)
          return stores.m2mTokens.findPooled(instanceId, query)
        },
      } satisfies Stores['m2mTokens'],
      audit: {
        async record(event) {
          session.audited = event
          session.sent.push(settled(stores.audit.record(event)))
        },
      } satisfies Stores['audit'],
    },
  })
}

type Ask = (...values: never[]) => Promise<unknown>

/** The store, each of whose methods first waits until no other transaction is in such a store. */
function alone<Store extends object>(session: Session, store: Store): Store {
  const entries = Object.entries(store as Record<string, Ask>).map(([name, ask]) => [
    name,
    async (...values: never[]) => {
      if (!session.alone) {
        session.alone = true
        // The row that also gives out positions of the log: what is changed here is logged in the same order.
        await session.sql.get('select position from revocation_head where id = 1 for update')
      }
      return ask(...values)
    },
  ])
  return Object.fromEntries(entries) as Store
}
