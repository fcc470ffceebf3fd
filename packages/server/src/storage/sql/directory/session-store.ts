import type { ActorTokenId, BrowserId, InstanceId, SessionId, UserId } from '../../../core/ids.ts'
import type { Millis, Seconds } from '../../../core/time.ts'
import type { Session } from '../../../directory/sessions/session.ts'
import type { SessionQuery, SessionReader, SessionStore } from '../../../directory/sessions/store.ts'
import { sql as expression } from 'kysely'
import type { Schema } from '../../schema.ts'
import type { SqlConnection } from '../../sql-connection.ts'

type Row = Schema['sessions']

export const sessionReader = (sql: SqlConnection): SessionReader => ({
  async find(instanceId, id) {
    const row = await sql.get<Row>('select * from sessions where id = ? and instance_id = ?', id, instanceId)
    return row === undefined ? null : toSession(row)
  },

  async list(instanceId, query, { limit, offset }) {
    const matching = matchingOf(sql, instanceId, query)
    const rows = await matching.selectAll().orderBy('id', 'desc').limit(limit).offset(offset).execute()
    const { count } = await matching
      .select((is) => is.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    return { sessions: rows.map(toSession), totalCount: count }
  },

  async openIn(instanceId, browserId) {
    const open = `select * from sessions where browser_id = ? and instance_id = ? and status = 'active' order by id`
    return (await sql.all<Row>(open, browserId, instanceId)).map(toSession)
  },

  async openedBy(instanceId, ids) {
    if (ids.length === 0) return []
    const rows = await sql.query
      .selectFrom('sessions')
      .selectAll()
      .where('actor_token_id', 'in', ids)
      .where('instance_id', '=', instanceId)
      .execute()
    return rows.map(toSession)
  },
})

/** As `stateOf` of a session says it. */
function matchingOf(
  sql: SqlConnection,
  instanceId: InstanceId,
  { browserId, userId, state, now }: SessionQuery,
) {
  let matching = sql.slow.selectFrom('sessions').where('instance_id', '=', instanceId)
  if (browserId !== null) matching = matching.where('browser_id', '=', browserId)
  if (userId !== null) matching = matching.where('user_id', '=', userId)
  if (state === null) return matching
  const byTime = state === 'expired' || state === 'abandoned'
  matching = matching.where('status', '=', byTime ? 'active' : state)
  if (state === 'expired') return matching.where('expires_at', '<=', now)
  const abandonedAt = expression<number>`last_active_at + inactivity_timeout * 1000`
  if (state === 'active') return matching.where('expires_at', '>', now).where(abandonedAt, '>', now)
  if (state === 'abandoned') return matching.where('expires_at', '>', now).where(abandonedAt, '<=', now)
  return matching
}

export const sessionStore = (sql: SqlConnection): SessionStore => ({
  ...sessionReader(sql),

  async insert(session) {
    await sql.query.insertInto('sessions').values(toRow(session)).execute()
  },

  async end(instanceId, id, how, at) {
    const row = await sql.query
      .updateTable('sessions')
      .set({ status: how, updated_at: at })
      .where('id', '=', id)
      .where('instance_id', '=', instanceId)
      .where('status', '=', 'active')
      .returningAll()
      .executeTakeFirst()
    return row === undefined ? null : toSession(row)
  },

  endAllOf: (instanceId, userId, how, at) =>
    sql.run(
      `update sessions set status = ?, updated_at = ? where user_id = ? and instance_id = ? and status = 'active'`,
      how,
      at,
      userId,
      instanceId,
    ),

  async touch(instanceId, id, at) {
    const touch = `update sessions set
      updated_at = case when updated_at > ? then updated_at else ? end,
      last_active_at = case when last_active_at > ? then last_active_at else ? end
      where id = ? and instance_id = ? and status = 'active'`
    return (await sql.run(touch, at, at, at, at, id, instanceId)) > 0
  },
})

const toRow = (session: Session): Row => ({
  id: session.id,
  instance_id: session.instanceId,
  browser_id: session.browserId,
  user_id: session.userId,
  actor: session.actor === null ? null : JSON.stringify(session.actor),
  actor_token_id: session.actorTokenId,
  status: session.status,
  address: session.address,
  inactivity_timeout: session.inactivityTimeout,
  last_active_at: session.lastActiveAt,
  expires_at: session.expiresAt,
  created_at: session.createdAt,
  updated_at: session.updatedAt,
})

const toSession = (row: Row): Session => ({
  id: row.id as SessionId,
  instanceId: row.instance_id as InstanceId,
  browserId: row.browser_id as BrowserId,
  userId: row.user_id as UserId,
  actor: row.actor === null ? null : (JSON.parse(row.actor) as Session['actor']),
  actorTokenId: row.actor_token_id as ActorTokenId | null,
  status: row.status as Session['status'],
  address: row.address,
  inactivityTimeout: row.inactivity_timeout as Seconds,
  lastActiveAt: row.last_active_at as Millis,
  expiresAt: row.expires_at as Millis,
  createdAt: row.created_at as Millis,
  updatedAt: row.updated_at as Millis,
})
