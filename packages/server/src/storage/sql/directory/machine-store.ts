import type { InstanceId, MachineId, SecretKeyId } from '../../../core/ids.ts'
import type { Millis, Seconds } from '../../../core/time.ts'
import type { Machine, MachineSecretKey } from '../../../directory/machines/machine.ts'
import type { MachineReader, MachineStore } from '../../../directory/machines/store.ts'
import type { Schema } from '../../schema.ts'
import type { SqlConnection } from '../../sql-connection.ts'
import type { Changes } from '../../cache/changes.ts'
import { containing } from '../../containing.ts'
import { raiseTokensNotBefore } from '../../mass-revocation.ts'

/** As many as one statement asks for. */
const IDS_AT_ONCE = 500

type KeyRow = Schema['machine_secret_keys']

/** With its scopes in the same statement: a machine of one moment, whoever writes meanwhile. */
const FIND = `select machines.*, scope.to_id from machines
  left join machine_scopes as scope on scope.from_id = machines.id
  where machines.id = ? and machines.instance_id = ? order by scope.created_at, scope.to_id`

export const machineReader = (sql: SqlConnection): MachineReader => ({
  async find(instanceId, id) {
    const rows = await sql.all<Schema['machines'] & { to_id: MachineId | null }>(FIND, id, instanceId)
    const machine = rows[0]
    return machine === undefined
      ? null
      : toMachine(
          machine,
          rows.flatMap(({ to_id }) => to_id ?? []),
        )
  },

  async findSecretKey(id) {
    const row = await sql.get<KeyRow>('select * from machine_secret_keys where id = ?', id)
    return row === undefined ? null : toSecretKey(row)
  },

  async findAll(instanceId, ids) {
    if (ids.length === 0) return []
    const rows: Schema['machines'][] = []
    for (let start = 0; start < ids.length; start += IDS_AT_ONCE) {
      const some = ids.slice(start, start + IDS_AT_ONCE)
      const found = sql.query.selectFrom('machines').selectAll().where('instance_id', '=', instanceId)
      rows.push(...(await found.where('id', 'in', some).execute()))
    }
    const byId = new Map(rows.map((row) => [row.id, row]))
    return ids.flatMap((id) => byId.get(id) ?? []).map(toUnscoped)
  },

  async list(instanceId, { search, orderBy, descending, limit, offset }) {
    let matching = sql.slow.selectFrom('machines').where('instance_id', '=', instanceId)
    if (search !== null) {
      matching = matching.where((is) => is.or([is('id', '=', search), containing(sql, 'name', search)]))
    }
    const direction = descending ? 'desc' : 'asc'
    const rows = await matching
      .selectAll()
      .orderBy(orderBy, direction)
      .orderBy('id', direction)
      .limit(limit)
      .offset(offset)
      .execute()
    const { count } = await matching
      .select((is) => is.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    const scopes = await scopesOf(
      sql,
      rows.map(({ id }) => id),
    )
    return { machines: rows.map((row) => toMachine(row, scopes.get(row.id) ?? [])), totalCount: count }
  },

  async newestSecretKey(instanceId, id) {
    const row = await sql.query
      .selectFrom('machine_secret_keys')
      .selectAll()
      .where('machine_id', '=', id)
      .where('instance_id', '=', instanceId)
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row === undefined ? null : toSecretKey(row)
  },
})

export const machineStore = (sql: SqlConnection, changes: Changes): MachineStore => ({
  ...machineReader(sql),

  async insert({ id, instanceId, name, defaultTokenTtl, tokensNotBefore, scopes, createdAt, updatedAt }) {
    await sql.query
      .insertInto('machines')
      .values({
        id,
        instance_id: instanceId,
        name,
        default_token_ttl: defaultTokenTtl,
        tokens_not_before: tokensNotBefore,
        created_at: createdAt,
        updated_at: updatedAt,
      })
      .execute()
    const rows = scopes.map((to) => ({ from_id: id, to_id: to, created_at: createdAt }))
    if (rows.length > 0) await sql.query.insertInto('machine_scopes').values(rows).execute()
    changes.directory()
  },

  async update(instanceId, id, { name, defaultTokenTtl, at }) {
    await sql.query
      .updateTable('machines')
      .set({
        updated_at: at,
        ...(name !== undefined && { name }),
        ...(defaultTokenTtl !== undefined && { default_token_ttl: defaultTokenTtl }),
      })
      .where('id', '=', id)
      .where('instance_id', '=', instanceId)
      .execute()
    changes.directory()
    return machineReader(sql).find(instanceId, id)
  },

  async delete(instanceId, id) {
    changes.directory()
    // Its keys and every scope from or to it go with it: the schema says so.
    return (await sql.run('delete from machines where id = ? and instance_id = ?', id, instanceId)) > 0
  },

  async addScope({ from, to, createdAt }) {
    changes.directory()
    const insert =
      'insert into machine_scopes (from_id, to_id, created_at) values (?, ?, ?) on conflict do nothing'
    return (await sql.run(insert, from, to, createdAt)) > 0
  },

  async removeScope(from, to) {
    changes.directory()
    return (await sql.run('delete from machine_scopes where from_id = ? and to_id = ?', from, to)) > 0
  },

  async insertSecretKey({ id, machineId, instanceId, macKeyId, createdAt, expiresAt }) {
    await sql.query
      .insertInto('machine_secret_keys')
      .values({
        id,
        machine_id: machineId,
        instance_id: instanceId,
        mac_key_id: macKeyId,
        created_at: createdAt,
        expires_at: expiresAt,
      })
      .execute()
    changes.directory()
  },

  async expireSecretKey(id, at) {
    changes.directory()
    const expire =
      'update machine_secret_keys set expires_at = ? where id = ? and (expires_at is null or expires_at > ?)'
    await sql.run(expire, at, id, at)
  },

  async setTokensNotBefore(instanceId, id, at) {
    changes.directory()
    return (await sql.run(raiseTokensNotBefore('machines'), at, at, id, instanceId)) > 0
  },

  async latestTokensNotBefore(instanceId) {
    const select = 'select max(tokens_not_before) as latest from machines where instance_id = ?'
    return (await sql.get<{ latest: Millis | null }>(select, instanceId))!.latest
  },
})

/** The scopes of each of these machines that has any. */
async function scopesOf(
  { query }: SqlConnection,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly MachineId[]>> {
  if (ids.length === 0) return new Map()
  const rows = await query
    .selectFrom('machine_scopes')
    .select(['from_id', 'to_id'])
    .where('from_id', 'in', ids)
    .orderBy('created_at')
    .orderBy('to_id')
    .execute()
  const scopes = Map.groupBy(rows, ({ from_id }) => from_id)
  return new Map([...scopes].map(([id, of]) => [id, of.map(({ to_id }) => to_id as MachineId)]))
}

const toMachine = (row: Schema['machines'], scopes: readonly MachineId[]): Machine => ({
  ...toUnscoped(row),
  scopes,
})

const toUnscoped = (row: Schema['machines']): Omit<Machine, 'scopes'> => ({
  id: row.id as MachineId,
  instanceId: row.instance_id as InstanceId,
  name: row.name,
  defaultTokenTtl: row.default_token_ttl as Seconds | null,
  tokensNotBefore: row.tokens_not_before as Millis | null,
  createdAt: row.created_at as Millis,
  updatedAt: row.updated_at as Millis,
})

const toSecretKey = (row: KeyRow): MachineSecretKey => ({
  id: row.id as SecretKeyId,
  machineId: row.machine_id as MachineId,
  instanceId: row.instance_id as InstanceId,
  macKeyId: row.mac_key_id,
  createdAt: row.created_at as Millis,
  expiresAt: row.expires_at as Millis | null,
})
