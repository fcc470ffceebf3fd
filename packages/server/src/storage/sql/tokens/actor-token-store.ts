import type { ActorTokenId, InstanceId, UserId } from '../../../core/ids.ts'
import type { Millis, Seconds } from '../../../core/time.ts'
import type { Actor, ActorToken } from '../../../tokens/actor-tokens/actor-token.ts'
import type {
  ActorTokenQuery,
  ActorTokenReader,
  ActorTokenStore,
} from '../../../tokens/actor-tokens/store.ts'
import type { Schema } from '../../schema.ts'
import type { SqlConnection } from '../../sql-connection.ts'

export const actorTokenReader = (sql: SqlConnection): ActorTokenReader => ({
  async find(instanceId, id) {
    const row = await sql.query
      .selectFrom('actor_tokens')
      .selectAll()
      .where('id', '=', id)
      .where('instance_id', '=', instanceId)
      .executeTakeFirst()
    return row === undefined ? null : toActorToken(row)
  },

  async list(instanceId, query, { limit, offset }) {
    const matching = matchingOf(sql, instanceId, query)
    const rows = await matching.selectAll().orderBy('id', 'desc').limit(limit).offset(offset).execute()
    const { count } = await matching
      .select((is) => is.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    return { tokens: rows.map(toActorToken), totalCount: count }
  },
})

function matchingOf(sql: SqlConnection, instanceId: InstanceId, { userId, status }: ActorTokenQuery) {
  let matching = sql.slow.selectFrom('actor_tokens').where('instance_id', '=', instanceId)
  if (userId !== null) matching = matching.where('user_id', '=', userId)
  if (status !== null) matching = matching.where('status', '=', status)
  return matching
}

export const actorTokenStore = (sql: SqlConnection): ActorTokenStore => ({
  ...actorTokenReader(sql),

  async insert(token) {
    await sql.query
      .insertInto('actor_tokens')
      .values({
        id: token.id,
        instance_id: token.instanceId,
        user_id: token.userId,
        actor: JSON.stringify(token.actor),
        status: token.status,
        session_max_duration: token.sessionMaxDuration,
        reason: token.reason,
        reference: token.reference,
        permissions: token.permissions === null ? null : JSON.stringify(token.permissions),
        expires_at: token.expiresAt,
        created_at: token.createdAt,
        updated_at: token.updatedAt,
      })
      .execute()
  },

  async change(instanceId, id, to, at) {
    const row = await sql.query
      .updateTable('actor_tokens')
      .set({ status: to, updated_at: at })
      .where('id', '=', id)
      .where('instance_id', '=', instanceId)
      .where('status', '=', 'pending')
      .returningAll()
      .executeTakeFirst()
    return row === undefined ? null : toActorToken(row)
  },
})

const toActorToken = (row: Schema['actor_tokens']): ActorToken => ({
  id: row.id as ActorTokenId,
  instanceId: row.instance_id as InstanceId,
  userId: row.user_id as UserId,
  actor: JSON.parse(row.actor) as Actor,
  status: row.status as ActorToken['status'],
  sessionMaxDuration: row.session_max_duration as Seconds,
  reason: row.reason,
  reference: row.reference,
  permissions: row.permissions === null ? null : (JSON.parse(row.permissions) as string[]),
  expiresAt: row.expires_at as Millis,
  createdAt: row.created_at as Millis,
  updatedAt: row.updated_at as Millis,
})
