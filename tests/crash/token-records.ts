/** Reads what a server has kept of M2M tokens straight from its database file. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface TokenRecords {
  /** What `pragma integrity_check` says: `ok`, or what is broken. */
  readonly integrity: string
  /** Every token by its id. */
  readonly tokens: ReadonlyMap<string, { readonly revoked: boolean }>
  /** Ids of tokens that are not matched by exactly one event of their issue and, if revoked, of their revocation; and of such events without a token. */
  readonly halves: readonly string[]
}

const EVENTS = `select target_id, count(*) as events, max(at) as at, max(reason) as reason
  from audit_events where action = ? group by target_id`

const HALF_ISSUED = `select coalesce(token.id, event.target_id) as id
  from m2m_tokens as token full join (${EVENTS}) as event on event.target_id = token.id
  where token.id is null or event.events is not 1 or event.at is not token.created_at
    or event.reason is not iif(token.format = 'jwt', 'jwt', null)`

const HALF_REVOKED = `select coalesce(token.id, event.target_id) as id
  from (select * from m2m_tokens where revoked_at is not null) as token
    full join (${EVENTS}) as event on event.target_id = token.id
  where token.id is null or event.events is not 1 or event.at is not token.revoked_at
    or event.reason is not token.revocation_reason`

export function readTokenRecords(data: string): TokenRecords {
  const database = new DatabaseSync(join(data, 'mintmark.db'), { readOnly: true, timeout: 10_000 })
  try {
    // One transaction: all of it is of the same moment, also beside a server that works.
    database.exec('begin')
    const ids = (sql: string, action: string) =>
      database
        .prepare(sql)
        .all(action)
        .map(({ id }) => String(id))
    const rows = database.prepare('select id, revoked_at from m2m_tokens').all()
    return {
      integrity: String(database.prepare('pragma integrity_check').get()!.integrity_check),
      tokens: new Map(rows.map(({ id, revoked_at }) => [String(id), { revoked: revoked_at !== null }])),
      halves: [...ids(HALF_ISSUED, 'm2m_token.issue'), ...ids(HALF_REVOKED, 'm2m_token.revoke')],
    }
  } finally {
    database.close()
  }
}
