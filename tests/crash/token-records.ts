/** Reads what a server has kept of M2M tokens straight from its database file. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface TokenRecords {
  /** What `pragma integrity_check` says: `ok`, or what is broken. */
  readonly integrity: string
  /** Every token by its id. */
  readonly tokens: ReadonlyMap<string, { readonly revoked: boolean }>
  /**
   * Ids of tokens without exactly one event of their issue and, if revoked, exactly one of their revocation
   * that says the same; and ids that events name and no token has.
   */
  readonly halves: readonly string[]
}

/** What a token's events must be, in the form in which they are read. */
const EXPECTED = `select id, revoked_at is not null as revoked,
    json_array(created_at, iif(format = 'jwt', 'jwt', null)) as issue,
    iif(revoked_at is null, null, json_array(revoked_at, revocation_reason)) as revocation
  from m2m_tokens`

const EVENTS = `select target_id as id, json_array(at, reason) as event from audit_events where action = ?`

export function readTokenRecords(data: string): TokenRecords {
  const database = new DatabaseSync(join(data, 'mintmark.db'), { readOnly: true, timeout: 10_000 })
  try {
    // One transaction: all of it is of the same moment, also beside a server that works.
    database.exec('begin')
    const rows = database.prepare(EXPECTED).all() as unknown as Row[]
    const events = (action: string) => database.prepare(EVENTS).all(action) as unknown as Event[]
    return {
      integrity: String(database.prepare('pragma integrity_check').get()!.integrity_check),
      tokens: new Map(rows.map(({ id, revoked }) => [id, { revoked: revoked === 1 }])),
      halves: [
        ...unmatched(new Map(rows.map(({ id, issue }) => [id, issue])), events('m2m_token.issue')),
        ...unmatched(new Map(rows.map(({ id, revocation }) => [id, revocation])), events('m2m_token.revoke')),
      ],
    }
  } finally {
    database.close()
  }
}

interface Row {
  readonly id: string
  readonly revoked: number
  readonly issue: string
  readonly revocation: string | null
}

interface Event {
  readonly id: string
  readonly event: string
}

/** @returns ids for which what is expected, `null` for nothing, and what happened differ */
function unmatched(expected: ReadonlyMap<string, string | null>, events: readonly Event[]): string[] {
  const missing = new Map([...expected].filter(([, event]) => event !== null))
  const wrong = events.filter(({ id, event }) => {
    const matches = missing.get(id) === event
    // A second event of the same finds nothing any more.
    missing.delete(id)
    return !matches
  })
  return [...wrong.map(({ id }) => id), ...missing.keys()]
}
