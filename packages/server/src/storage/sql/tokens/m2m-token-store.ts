import { hash } from 'node:crypto'
import type { ExpressionBuilder } from 'kysely'
import type { InstanceId, KeyId, M2mTokenId, MachineId } from '../../../core/ids.ts'
import { createBoundedMap } from '../../../core/bounded-map.ts'
import { canonicalJson, type Json } from '../../../core/json.ts'
import { isPast, millis, type Millis } from '../../../core/time.ts'
import type { M2mToken, M2mTokenFormat } from '../../../tokens/m2m-tokens/m2m-token.ts'
import type { M2mTokenReader, M2mTokenStore } from '../../../tokens/m2m-tokens/store.ts'
import type { Schema } from '../../schema.ts'
import type { SqlConnection } from '../../sql-connection.ts'
import type { Changes } from '../../cache/changes.ts'

type Row = Schema['m2m_tokens']

/** Before every token. */
const NEVER = millis(-1)

/** As many as are looked at in one step of counting: more would hold requests up. */
const COUNTED = 2_000

const FIND = `select machine_id, format, scopes, claims, mac_key_id, signing_key_id, expires_at, revoked_at, revocation_reason,
  created_at, updated_at from m2m_tokens where id = ? and instance_id = ?`

type Found = [
  ...[machineId: string, format: string, scopes: string, claims: string | null, macKeyId: number],
  ...[signingKeyId: string | null],
  ...[expiresAt: number | null, revokedAt: number | null, reason: string | null],
  ...[createdAt: number, updatedAt: number],
]

const INSERT = `insert into m2m_tokens (id, instance_id, machine_id, format, scopes, claims, pool_key, mac_key_id,
  signing_key_id, expires_at, revoked_at, revocation_reason, created_at, updated_at)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** The look-up that every verification makes. */
async function findM2mToken(
  sql: SqlConnection,
  instanceId: InstanceId,
  id: M2mTokenId,
): Promise<M2mToken | null> {
  const row = await sql.getColumns<Found>(FIND, id, instanceId)
  if (row === undefined) return null
  const [machine_id, format, scopes, claims, mac_key_id, signing_key_id, ...times] = row
  const [expires_at, revoked_at, revocation_reason, created_at, updated_at] = times
  return toToken({
    id,
    instance_id: instanceId,
    machine_id,
    format,
    scopes,
    claims,
    mac_key_id,
    signing_key_id,
    expires_at,
    revoked_at,
    revocation_reason,
    created_at,
    updated_at,
  })
}

export const m2mTokenReader = (sql: SqlConnection): M2mTokenReader => ({
  find: (instanceId, id) => findM2mToken(sql, instanceId, id),

  async list(instanceId, { subject, format, revoked, expired, now, notBefore, limit, offset }) {
    let matching = sql.slow
      .selectFrom('m2m_tokens')
      .where('machine_id', '=', subject)
      .where('instance_id', '=', instanceId)
      .where('format', '=', format)
    if (!revoked) {
      matching = matching.where('revoked_at', 'is', null)
      if (notBefore.everything !== null) matching = matching.where('created_at', '>', notBefore.everything)
      for (const [keyId, until] of notBefore.byKey) {
        const other = (is: ExpressionBuilder<Schema, 'm2m_tokens'>) =>
          is.or([
            is('signing_key_id', 'is', null),
            is('signing_key_id', '!=', keyId),
            is('created_at', '>', until),
          ])
        matching = matching.where(other)
      }
    }
    if (!expired)
      matching = matching.where((is) => is.or([is('expires_at', 'is', null), is('expires_at', '>', now)]))

    const rows = await matching.selectAll().orderBy('id', 'desc').limit(limit).offset(offset).execute()
    const { count } = await matching
      .select((is) => is.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    return { tokens: rows.map(toToken), totalCount: count }
  },

  async count(instanceId, { until, now, subject, signingKeyId }, after) {
    // What revokes many stands with the machine, the key and the instance.
    let tokens = sql.slow
      .selectFrom('m2m_tokens as token')
      .innerJoin('instances as instance', 'instance.id', 'token.instance_id')
      .leftJoin('machines as machine', 'machine.id', 'token.machine_id')
      .leftJoin('signing_keys as key', 'key.id', 'token.signing_key_id')
      .select([
        'token.id',
        'token.signing_key_id',
        'token.created_at',
        'token.revoked_at',
        'token.expires_at',
      ])
      .select(['machine.id as machine_id', 'machine.tokens_not_before as of_machine'])
      .select([
        'key.tokens_not_before as of_key',
        'key.revoked_at as key_revoked_at',
        'instance.tokens_not_before as of_instance',
      ])
      .where('token.instance_id', '=', instanceId)
      .where('token.id', '>', after ?? '')
    if (subject !== null) tokens = tokens.where('token.machine_id', '=', subject)
    const rows = await tokens.orderBy('token.id').limit(COUNTED).execute()
    const meant = rows.filter(
      (row) =>
        row.created_at <= until &&
        row.created_at >
          Math.max(...[row.of_machine, row.of_key, row.of_instance].map((each) => each ?? -1)) &&
        row.revoked_at === null &&
        row.key_revoked_at === null &&
        row.machine_id !== null &&
        !isPast(row.expires_at as Millis | null, now) &&
        (signingKeyId === null || row.signing_key_id === signingKeyId),
    )
    const last = rows.length < COUNTED ? null : (rows.at(-1)!.id as M2mTokenId)
    return { count: meant.length, last }
  },
})

export const m2mTokenStore = (sql: SqlConnection, changes: Changes): M2mTokenStore => ({
  ...m2mTokenReader(sql),

  async insert(token) {
    const {
      id,
      instanceId,
      subject,
      format,
      scopes,
      claims,
      macKeyId,
      signingKeyId,
      expiresAt,
      revokedAt,
      revocationReason,
    } = token
    const pool = format === 'opaque' ? poolKey(claims, scopes) : null
    const kept = claims === null ? null : JSON.stringify(claims)
    // In the order of the columns, which a line for each would hide.
    // prettier-ignore
    await sql.run(INSERT, id, instanceId, subject, format, JSON.stringify(scopes), kept, pool, macKeyId,
      signingKeyId, expiresAt, revokedAt, revocationReason, token.createdAt, token.updatedAt)
  },

  async findPooled(instanceId, { subject, claims, scopes, macKeyId, goodUntil, issuedAfter }) {
    const alike = sql.query
      .selectFrom('m2m_tokens')
      .selectAll()
      .where('machine_id', '=', subject)
      .where('pool_key', '=', poolKey(claims, scopes))
      .where('revoked_at', 'is', null)
      .where('instance_id', '=', instanceId)
      .where('mac_key_id', '=', macKeyId)
      .where('created_at', '>', issuedAfter ?? NEVER)
      .limit(1)
    // Two probes of one index: one that never expires, else the one that expires last.
    const row =
      (await alike.where('expires_at', 'is', null).executeTakeFirst()) ??
      (await alike.where('expires_at', '>=', goodUntil).orderBy('expires_at', 'desc').executeTakeFirst())
    return row === undefined ? null : toToken(row)
  },

  async revoke(instanceId, id, at, reason) {
    await sql.query
      .updateTable('m2m_tokens')
      .set({ revoked_at: at, revocation_reason: reason, updated_at: at })
      .where('id', '=', id)
      .where('instance_id', '=', instanceId)
      .where('revoked_at', 'is', null)
      .execute()
    changes.m2mToken(id)
    return findM2mToken(sql, instanceId, id)
  },
})

/** Equal for claims and scopes that are the same by value, in whatever order they were written. */
function poolKey(claims: Json, scopes: readonly MachineId[]): string {
  const known = claims === null ? poolKeysWithoutClaims.get(scopes) : undefined
  if (known !== undefined) return known
  const key = hash('sha256', canonicalJson([claims, scopes.toSorted()]), 'base64url').slice(0, 22)
  if (claims === null) poolKeysWithoutClaims.set(scopes, key)
  return key
}

/** Most tokens have no claims, and those of one machine the same scopes, which are never changed in place. */
const poolKeysWithoutClaims = new WeakMap<readonly MachineId[], string>()

/** Tokens of one machine mostly have the same scopes. Those in memory share them, and need not be parsed each. */
const scopesByText = createBoundedMap<readonly MachineId[]>(10_000)

function scopesOf(text: string): readonly MachineId[] {
  let scopes = scopesByText.get(text)
  if (scopes === undefined) scopesByText.set(text, (scopes = JSON.parse(text) as MachineId[]))
  return scopes
}

const toToken = (row: Omit<Row, 'pool_key'>): M2mToken => ({
  id: row.id as M2mTokenId,
  instanceId: row.instance_id as InstanceId,
  subject: row.machine_id as MachineId,
  format: row.format as M2mTokenFormat,
  scopes: scopesOf(row.scopes),
  claims: row.claims === null ? null : (JSON.parse(row.claims) as Json),
  macKeyId: row.mac_key_id,
  signingKeyId: row.signing_key_id as KeyId | null,
  expiresAt: row.expires_at as Millis | null,
  revokedAt: row.revoked_at as Millis | null,
  revocationReason: row.revocation_reason,
  createdAt: row.created_at as Millis,
  updatedAt: row.updated_at as Millis,
})
