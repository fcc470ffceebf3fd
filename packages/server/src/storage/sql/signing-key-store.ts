import type { InstanceId, KeyId } from '../../core/ids.ts'
import type { Millis } from '../../core/time.ts'
import type { KeyUse, SigningKey } from '../../signing/signing-key.ts'
import type { SigningKeyReader, SigningKeyStore } from '../../signing/store.ts'
import type { Schema } from '../schema.ts'
import type { SqlConnection } from '../sql-connection.ts'
import type { Changes } from '../cache/changes.ts'
import { raiseTokensNotBefore } from '../mass-revocation.ts'

const NEWEST_FIRST = 'order by created_at desc, id desc'

async function keysWhere(
  sql: SqlConnection,
  condition: string,
  instanceId: InstanceId,
): Promise<readonly SigningKey[]> {
  const select = `select * from signing_keys where ${condition} ${NEWEST_FIRST}`
  return (await sql.all<Schema['signing_keys']>(select, instanceId)).map(toSigningKey)
}

export const signingKeyReader = (sql: SqlConnection): SigningKeyReader => ({
  keysOf: (instanceId) => keysWhere(sql, 'instance_id = ? and revoked_at is null', instanceId),
  historyOf: (instanceId) => keysWhere(sql, 'instance_id = ?', instanceId),

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

  async insert(key) {
    await sql.query
      .insertInto('signing_keys')
      .values({
        id: key.id,
        instance_id: key.instanceId,
        use: key.use,
        alg: key.alg,
        public_n: key.publicKey.n,
        public_e: key.publicKey.e,
        sealed_key_id: key.sealed.keyId,
        sealed_box: key.sealed.box,
        created_at: key.createdAt,
        active_from: key.activeFrom,
        retires_at: key.retiresAt,
        revoked_at: key.revokedAt,
        tokens_not_before: key.tokensNotBefore,
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

  async setLife({ id, instanceId, activeFrom, retiresAt, revokedAt }) {
    changes.directory()
    await sql.run(
      `update signing_keys set active_from = ?, retires_at = ?, revoked_at = coalesce(revoked_at, ?)
       where id = ? and instance_id = ?`,
      activeFrom,
      retiresAt,
      revokedAt,
      id,
      instanceId,
    )
  },

  async setTokensNotBefore(instanceId, id, at) {
    changes.directory()
    return (await sql.run(raiseTokensNotBefore('signing_keys'), at, at, id, instanceId)) > 0
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
  activeFrom: row.active_from as Millis,
  retiresAt: row.retires_at as Millis | null,
  revokedAt: row.revoked_at as Millis | null,
  tokensNotBefore: row.tokens_not_before as Millis | null,
})
