import type { BrowserId, InstanceId } from '../../../core/ids.ts'
import type { Millis } from '../../../core/time.ts'
import type { BrowserReader, BrowserStore } from '../../../directory/browsers/store.ts'
import type { Schema } from '../../schema.ts'
import type { SqlConnection } from '../../sql-connection.ts'

type Row = Schema['browsers']

export const browserReader = (sql: SqlConnection): BrowserReader => ({
  async find(instanceId, id) {
    const row = await sql.get<Row>('select * from browsers where id = ? and instance_id = ?', id, instanceId)
    if (row === undefined) return null
    return {
      id: row.id as BrowserId,
      instanceId: row.instance_id as InstanceId,
      macKeyId: row.mac_key_id,
      createdAt: row.created_at as Millis,
      updatedAt: row.updated_at as Millis,
    }
  },
})

export const browserStore = (sql: SqlConnection): BrowserStore => ({
  ...browserReader(sql),

  async insert({ id, instanceId, macKeyId, createdAt, updatedAt }) {
    const row = { id, instance_id: instanceId, mac_key_id: macKeyId, created_at: createdAt }
    await sql.query
      .insertInto('browsers')
      .values({ ...row, updated_at: updatedAt })
      .execute()
  },

  async delete(instanceId, id) {
    return (await sql.run('delete from browsers where id = ? and instance_id = ?', id, instanceId)) > 0
  },
})
