import type { InstanceId, SecretKeyId } from '../../../core/ids.ts'
import type { Millis } from '../../../core/time.ts'
import type {
  Browsing,
  Environment,
  Instance,
  InstanceSecretKey,
} from '../../../directory/instances/instance.ts'
import type { InstanceReader, InstanceStore } from '../../../directory/instances/store.ts'
import type { Schema } from '../../schema.ts'
import type { SqlConnection } from '../../sql-connection.ts'
import type { Changes } from '../../cache/changes.ts'
import { raiseTokensNotBefore } from '../../mass-revocation.ts'

export const instanceReader = (sql: SqlConnection): InstanceReader => ({
  async find(id) {
    const row = await sql.get<Schema['instances']>('select * from instances where id = ?', id)
    return row === undefined ? null : toInstance(row)
  },

  async findSecretKey(id) {
    const find = 'select * from instance_secret_keys where id = ?'
    const row = await sql.get<Schema['instance_secret_keys']>(find, id)
    return row === undefined ? null : toSecretKey(row)
  },

  async list() {
    const rows = await sql.query
      .selectFrom('instances')
      .selectAll()
      .orderBy('created_at')
      .orderBy('id')
      .execute()
    return rows.map(toInstance)
  },

  async newestSecretKey(id) {
    const row = await sql.query
      .selectFrom('instance_secret_keys')
      .selectAll()
      .where('instance_id', '=', id)
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row === undefined ? null : toSecretKey(row)
  },
})

export const instanceStore = (sql: SqlConnection, changes: Changes): InstanceStore => ({
  ...instanceReader(sql),

  async insert(instance) {
    const { id, name, environment, frontendOrigin, tokensNotBefore, createdAt } = instance
    await sql.query
      .insertInto('instances')
      .values({
        id,
        name,
        environment,
        frontend_origin: frontendOrigin,
        ...browsingColumns(instance),
        tokens_not_before: tokensNotBefore,
        created_at: createdAt,
      })
      .execute()
    changes.directory()
  },

  async setBrowsing(id, browsing) {
    await sql.query.updateTable('instances').set(browsingColumns(browsing)).where('id', '=', id).execute()
    changes.directory()
  },

  async insertSecretKey({ id, instanceId, environment, macKeyId, createdAt, expiresAt }) {
    await sql.query
      .insertInto('instance_secret_keys')
      .values({
        id,
        instance_id: instanceId,
        environment,
        mac_key_id: macKeyId,
        created_at: createdAt,
        expires_at: expiresAt,
      })
      .execute()
    changes.directory()
  },

  async expireSecretKeys(id, at) {
    changes.directory()
    const expire =
      'update instance_secret_keys set expires_at = ? where instance_id = ? and (expires_at is null or expires_at > ?)'
    await sql.run(expire, at, id, at)
  },

  async setTokensNotBefore(id, at) {
    changes.directory()
    await sql.run(raiseTokensNotBefore('instances'), at, at, id)
  },
})

const browsingColumns = ({ allowedOrigins, signInUrl, homeUrl }: Browsing) => ({
  allowed_origins: JSON.stringify(allowedOrigins),
  sign_in_url: signInUrl,
  home_url: homeUrl,
})

const toInstance = (row: Schema['instances']): Instance => ({
  id: row.id as InstanceId,
  name: row.name,
  environment: row.environment as Environment,
  frontendOrigin: row.frontend_origin,
  allowedOrigins: JSON.parse(row.allowed_origins) as string[],
  signInUrl: row.sign_in_url,
  homeUrl: row.home_url,
  tokensNotBefore: row.tokens_not_before as Millis | null,
  createdAt: row.created_at as Millis,
})

const toSecretKey = (row: Schema['instance_secret_keys']): InstanceSecretKey => ({
  id: row.id as SecretKeyId,
  instanceId: row.instance_id as InstanceId,
  environment: row.environment as Environment,
  macKeyId: row.mac_key_id,
  createdAt: row.created_at as Millis,
  expiresAt: row.expires_at as Millis | null,
})
