import { unavailable } from '../../core/errors.ts'
import type { SqlConnection } from '../sql-connection.ts'

/** @throws {AuthorityError} `service_unavailable` if it cannot be told, or the clocks are too far apart */
export async function requireSameTime(sql: SqlConnection, longest: number): Promise<void> {
  const before = Date.now()
  const { now } = (await sql.get<{ now: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::bigint as now from revocation_head where id = 1',
  ))!
  const after = Date.now()
  const skew = Math.max(before - now, now - after, 0)
  if (skew > longest) {
    throw unavailable(new Error(`This node's clock and the database's are ${skew} ms apart.`))
  }
}
