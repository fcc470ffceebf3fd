import type { InstanceId, KeyId } from '../../core/ids.ts'
import type { Millis } from '../../core/time.ts'
import type { KeyUse, SigningKey } from '../../signing/signing-key.ts'
import type { SigningKeyReader, SigningKeyStore } from '../../signing/store.ts'
import type { Schema } from '../schema.ts'
import type { SqlConnection } from '../sqlite-connection.ts'
import type { Changes } from './changes.ts'

export const findSigningKeys = (sql: SqlConnection, instanceId: InstanceId): readonly SigningKey[] =>
  sql
    .all<Schema['signing_keys']>(
      'select * from signing_keys where instance_id = ? order by created_at desc, id desc',
      instanceId,
    )
    .map(toSigningKey)

export const signingKeyReader = (sql: SqlConnection): SigningKeyReader => ({
  keysOf: async (instanceId) => findSigningKeys(sql, instanceId),

  async notSealedUnder(keyId) {
    const rows = await sql.query
      .selectFrom('signing_keys')
      .selectAll()
      .where('sealed_key_id', '!=', keyId)
      .execute()
    return rows.map(toSigningKey)
  },
})

export const signingKeyStore = (sql: SqlConnection, changes: Changes): SigningKeyStore => ({
  ...signingKeyReader(sql),

  async insert({ id, instanceId, use, alg, publicKey, sealed, createdAt }) {
    await sql.query
      .insertInto('signing_keys')
      .values({
        id,
        instance_id: instanceId,
        use,
        alg,
        public_n: publicKey.n,
        public_e: publicKey.e,
        sealed_key_id: sealed.keyId,
        sealed_box: sealed.box,
        created_at: createdAt,
      })
      .execute()
    changes.directory()
  },

  async reseal({ id, sealed }) {
    await sql.query
      .updateTable('signing_keys')
      .set({ sealed_key_id: sealed.keyId, sealed_box: sealed.box })
      .where('id', '=', id)
      .execute()
    changes.directory()
  },
})

const toSigningKey = (row: Schema['signing_keys']): SigningKey => ({
  id: row.id as KeyId,
  instanceId: row.instance_id as InstanceId,
  use: row.use as KeyUse,
  alg: 'RS256',
  publicKey: { n: row.public_n, e: row.public_e },
  sealed: { keyId: row.sealed_key_id, box: row.sealed_box },
  createdAt: row.created_at as Millis,
})
