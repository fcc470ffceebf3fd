import type { InstanceId, TestingTokenId } from '../../../core/ids.ts'
import type { Millis } from '../../../core/time.ts'
import type { TestingTokenReader, TestingTokenStore } from '../../../tokens/testing-tokens/store.ts'
import type { TestingToken } from '../../../tokens/testing-tokens/testing-token.ts'
import type { Schema } from '../../schema.ts'
import type { SqlConnection } from '../../sql-connection.ts'

export const testingTokenReader = (sql: SqlConnection): TestingTokenReader => ({
  async find(instanceId, id) {
    const row = await sql.query
      .selectFrom('testing_tokens')
      .selectAll()
      .where('id', '=', id)
      .where('instance_id', '=', instanceId)
      .executeTakeFirst()
    return row === undefined ? null : toTestingToken(row)
  },

  async list(instanceId, { limit, offset }) {
    const ofInstance = sql.slow.selectFrom('testing_tokens').where('instance_id', '=', instanceId)
    const rows = await ofInstance.selectAll().orderBy('id', 'desc').limit(limit).offset(offset).execute()
    const { count } = await ofInstance
      .select((is) => is.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    return { tokens: rows.map(toTestingToken), totalCount: count }
  },
})

export const testingTokenStore = (sql: SqlConnection): TestingTokenStore => ({
  ...testingTokenReader(sql),

  async insert(token) {
    await sql.query
      .insertInto('testing_tokens')
      .values({
        id: token.id,
        instance_id: token.instanceId,
        mac_key_id: token.macKeyId,
        label: token.label,
        max_uses: token.maxUses,
        uses: token.uses,
        revoked_at: token.revokedAt,
        expires_at: token.expiresAt,
        created_at: token.createdAt,
      })
      .execute()
  },

  async revoke(instanceId, id, at) {
    const row = await sql.query
      .updateTable('testing_tokens')
      .set({ revoked_at: at })
      .where('id', '=', id)
      .where('instance_id', '=', instanceId)
      .where('revoked_at', 'is', null)
      .returningAll()
      .executeTakeFirst()
    return row === undefined ? null : toTestingToken(row)
  },

  async use(instanceId, id) {
    const use =
      'update testing_tokens set uses = uses + 1 where id = ? and instance_id = ? and uses < max_uses and revoked_at is null'
    return (await sql.run(use, id, instanceId)) > 0
  },
})

const toTestingToken = (row: Schema['testing_tokens']): TestingToken => ({
  id: row.id as TestingTokenId,
  instanceId: row.instance_id as InstanceId,
  macKeyId: row.mac_key_id,
  label: row.label,
  maxUses: row.max_uses,
  uses: row.uses,
  revokedAt: row.revoked_at as Millis | null,
  createdAt: row.created_at as Millis,
  expiresAt: row.expires_at as Millis,
})
