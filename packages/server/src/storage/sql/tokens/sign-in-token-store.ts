import type { InstanceId, SignInTokenId, UserId } from '../../../core/ids.ts'
import type { Millis } from '../../../core/time.ts'
import type { SignInToken } from '../../../tokens/sign-in-tokens/sign-in-token.ts'
import type { SignInTokenReader, SignInTokenStore } from '../../../tokens/sign-in-tokens/store.ts'
import type { Schema } from '../../schema.ts'
import type { SqlConnection } from '../../sql-connection.ts'

export const signInTokenReader = (sql: SqlConnection): SignInTokenReader => ({
  async find(instanceId, id) {
    const row = await sql.query
      .selectFrom('sign_in_tokens')
      .selectAll()
      .where('id', '=', id)
      .where('instance_id', '=', instanceId)
      .executeTakeFirst()
    return row === undefined ? null : toSignInToken(row)
  },
})

export const signInTokenStore = (sql: SqlConnection): SignInTokenStore => ({
  ...signInTokenReader(sql),

  async insert({ id, instanceId, userId, status, expiresAt, createdAt, updatedAt }) {
    await sql.query
      .insertInto('sign_in_tokens')
      .values({
        id,
        instance_id: instanceId,
        user_id: userId,
        status,
        expires_at: expiresAt,
        created_at: createdAt,
        updated_at: updatedAt,
      })
      .execute()
  },

  async change(instanceId, id, to, at) {
    const row = await sql.query
      .updateTable('sign_in_tokens')
      .set({ status: to, updated_at: at })
      .where('id', '=', id)
      .where('instance_id', '=', instanceId)
      .where('status', '=', 'pending')
      .returningAll()
      .executeTakeFirst()
    return row === undefined ? null : toSignInToken(row)
  },
})

const toSignInToken = (row: Schema['sign_in_tokens']): SignInToken => ({
  id: row.id as SignInTokenId,
  instanceId: row.instance_id as InstanceId,
  userId: row.user_id as UserId,
  status: row.status as SignInToken['status'],
  expiresAt: row.expires_at as Millis,
  createdAt: row.created_at as Millis,
  updatedAt: row.updated_at as Millis,
})
