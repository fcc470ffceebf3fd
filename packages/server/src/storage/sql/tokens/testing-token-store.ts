import type { InstanceId, TestingTokenId } from '../../../core/ids.ts'
import type { Millis } from '../../../core/time.ts'
import type { TestingTokenReader, TestingTokenStore } from '../../../tokens/testing-tokens/store.ts'
import type { SqlConnection } from '../../sql-connection.ts'

export const testingTokenReader = (sql: SqlConnection): TestingTokenReader => ({
  async find(instanceId, id) {
    const row = await sql.query
      .selectFrom('testing_tokens')
      .selectAll()
      .where('id', '=', id)
      .where('instance_id', '=', instanceId)
      .executeTakeFirst()
    if (row === undefined) return null
    return {
      id: row.id as TestingTokenId,
      instanceId: row.instance_id as InstanceId,
      macKeyId: row.mac_key_id,
      createdAt: row.created_at as Millis,
      expiresAt: row.expires_at as Millis,
    }
  },
})

export const testingTokenStore = (sql: SqlConnection): TestingTokenStore => ({
  ...testingTokenReader(sql),

  async insert({ id, instanceId, macKeyId, createdAt, expiresAt }) {
    await sql.query
      .insertInto('testing_tokens')
      .values({
        id,
        instance_id: instanceId,
        mac_key_id: macKeyId,
        expires_at: expiresAt,
        created_at: createdAt,
      })
      .execute()
  },
})
