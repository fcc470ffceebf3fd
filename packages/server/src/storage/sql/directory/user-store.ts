import type { SelectQueryBuilder } from 'kysely'
import type { EmailAddressId, InstanceId, PhoneNumberId, UserId } from '../../../core/ids.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { Millis } from '../../../core/time.ts'
import type { UserQuery, UserReader, UserStore } from '../../../directory/users/store.ts'
import { IDENTIFIER_TYPES, type IdentifierType, type User } from '../../../directory/users/user.ts'
import type { Schema } from '../../schema.ts'
import type { SqlConnection } from '../../sql-connection.ts'
import { containing } from '../../containing.ts'

type Row = Schema['users']
type IdentifierRow = Schema['user_identifiers']

export const userReader = (sql: SqlConnection): UserReader => ({
  async find(instanceId, id) {
    const row = await sql.get<Row>('select * from users where id = ? and instance_id = ?', id, instanceId)
    return row === undefined ? null : (await toUsers(sql, [row]))[0]!
  },

  async list(instanceId, query, { orderBy, descending, limit, offset }) {
    const direction = descending ? 'desc' : 'asc'
    const rows = await matching(sql, instanceId, query)
      .selectAll()
      .orderBy(orderBy, direction)
      .orderBy('id', direction)
      .limit(limit)
      .offset(offset)
      .execute()
    return toUsers(sql, rows)
  },

  async count(instanceId, query) {
    const counted = matching(sql, instanceId, query).select((is) => is.fn.countAll<number>().as('count'))
    return (await counted.executeTakeFirstOrThrow()).count
  },
})

export const userStore = (sql: SqlConnection): UserStore => ({
  ...userReader(sql),

  async findAndHold(instanceId, id) {
    // On SQLite every transaction is alone.
    if (sql.dialect === 'postgres') {
      await sql.get('select id from users where id = ? and instance_id = ? for share', id, instanceId)
    }
    return userReader(sql).find(instanceId, id)
  },

  async insert(user) {
    const taken = await takenBy(sql, user)
    if (taken !== null) return taken
    await sql.query.insertInto('users').values(toRow(user)).execute()
    await insertIdentifiers(sql, user)
    return null
  },

  async replace(user) {
    const taken = await takenBy(sql, user)
    if (taken !== null) return taken
    await sql.query.updateTable('users').set(toRow(user)).where('id', '=', user.id).execute()
    await sql.query.deleteFrom('user_identifiers').where('user_id', '=', user.id).execute()
    await insertIdentifiers(sql, user)
    return null
  },

  async delete(instanceId, id) {
    return (await sql.run('delete from users where id = ? and instance_id = ?', id, instanceId)) > 0
  },
})

function matching(
  sql: SqlConnection,
  instanceId: InstanceId,
  { ids, except, identifiers, search }: UserQuery,
): SelectQueryBuilder<Schema, 'users', object> {
  const usersWith = () =>
    sql.query.selectFrom('user_identifiers').select('user_id').where('instance_id', '=', instanceId)
  let found: SelectQueryBuilder<Schema, 'users', object> = sql.slow
    .selectFrom('users')
    .where('instance_id', '=', instanceId)
  if (ids.length > 0) found = found.where('id', 'in', ids)
  if (except.length > 0) found = found.where('id', 'not in', except)
  for (const type of IDENTIFIER_TYPES) {
    const values = identifiers[type]
    if (values)
      found = found.where('id', 'in', usersWith().where('type', '=', type).where('value', 'in', values))
  }
  if (search !== null) {
    found = found.where((is) =>
      is.or([
        containing(sql, 'id', search),
        containing(sql, 'first_name', search),
        containing(sql, 'last_name', search),
        is('id', 'in', usersWith().where(containing(sql, 'value', search))),
      ]),
    )
  }
  return found
}

function identifiersOf(user: User): IdentifierRow[] {
  const row = (type: IdentifierType, value: string, id: string, position: number): IdentifierRow => ({
    instance_id: user.instanceId,
    type,
    value,
    user_id: user.id,
    id,
    position,
  })
  return [
    ...user.emailAddresses.map(({ id, value }, index) => row('email_address', value, id, index)),
    ...user.phoneNumbers.map(({ id, value }, index) => row('phone_number', value, id, index)),
    ...(user.username === null ? [] : [row('username', user.username, '', 0)]),
    ...(user.externalId === null ? [] : [row('external_id', user.externalId, '', 0)]),
  ]
}

/** The first type of identifier that another user has, or that this one has twice. */
async function takenBy(sql: SqlConnection, user: User): Promise<IdentifierType | null> {
  const wanted = identifiersOf(user)
  for (const [index, { type, value, instance_id }] of wanted.entries()) {
    const repeated = wanted.slice(0, index).some((other) => other.type === type && other.value === value)
    const holder = await sql.get<{ user_id: string }>(HOLDER, instance_id, type, value)
    if (repeated || (holder !== undefined && holder.user_id !== user.id)) return type as IdentifierType
  }
  return null
}

const HOLDER = 'select user_id from user_identifiers where instance_id = ? and type = ? and value = ?'

async function insertIdentifiers({ query }: SqlConnection, user: User): Promise<void> {
  const rows = identifiersOf(user)
  if (rows.length > 0) await query.insertInto('user_identifiers').values(rows).execute()
}

const toRow = (user: User): Row => ({
  id: user.id,
  instance_id: user.instanceId,
  first_name: user.firstName,
  last_name: user.lastName,
  public_metadata: JSON.stringify(user.metadata.public),
  private_metadata: JSON.stringify(user.metadata.private),
  unsafe_metadata: JSON.stringify(user.metadata.unsafe),
  created_at: user.createdAt,
  updated_at: user.updatedAt,
})

/** With their identifiers, which one statement finds for all of them. */
async function toUsers({ query }: SqlConnection, rows: readonly Row[]): Promise<User[]> {
  if (rows.length === 0) return []
  const ids = rows.map(({ id }) => id)
  const all = query.selectFrom('user_identifiers').selectAll().where('user_id', 'in', ids)
  const byUser = Map.groupBy(await all.orderBy('position').execute(), ({ user_id }) => user_id)
  return rows.map((row) => toUser(row, byUser.get(row.id) ?? []))
}

function toUser(row: Row, identifiers: readonly IdentifierRow[]): User {
  const of = (type: IdentifierType) => identifiers.filter((identifier) => identifier.type === type)
  return {
    id: row.id as UserId,
    instanceId: row.instance_id as InstanceId,
    externalId: of('external_id')[0]?.value ?? null,
    username: of('username')[0]?.value ?? null,
    firstName: row.first_name,
    lastName: row.last_name,
    emailAddresses: of('email_address').map(({ id, value }) => ({ id: id as EmailAddressId, value })),
    phoneNumbers: of('phone_number').map(({ id, value }) => ({ id: id as PhoneNumberId, value })),
    metadata: {
      public: JSON.parse(row.public_metadata) as JsonObject,
      private: JSON.parse(row.private_metadata) as JsonObject,
      unsafe: JSON.parse(row.unsafe_metadata) as JsonObject,
    },
    createdAt: row.created_at as Millis,
    updatedAt: row.updated_at as Millis,
  }
}
