import type { ActorTokenId, InstanceId, UserId } from '../../../core/ids.ts'
import type { Millis, Seconds } from '../../../core/time.ts'
import type { Actor, ActorToken } from '../../../tokens/actor-tokens/actor-token.ts'
import type { ActorTokenReader, ActorTokenStore } from '../../../tokens/actor-tokens/store.ts'
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
})

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
        expires_at: token.expiresAt,
        created_at: token.createdAt,
        updated_at: token.updatedAt,
      })
      .execute()
  },

  async revoke(instanceId, id, at) {
    const row = await sql.query
      .updateTable('actor_tokens')
      .set({ status: 'revoked', updated_at: at })
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
  expiresAt: row.expires_at as Millis,
  createdAt: row.created_at as Millis,
  updatedAt: row.updated_at as Millis,
})
