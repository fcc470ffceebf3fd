import type {
  IdempotentAnswer,
  IdempotentAnswerReader,
  IdempotentAnswerStore,
} from '../../core/idempotent-answers.ts'
import type { Millis } from '../../core/time.ts'
import type { Schema } from '../schema.ts'
import type { SqlConnection } from '../sql-connection.ts'

type Row = Schema['idempotent_answers']

const FIND = `select scope, fingerprint, sealed_key_id, sealed_box, created_at from idempotent_answers
  where scope = ? and created_at > ?`

const KEEP = `insert into idempotent_answers (scope, fingerprint, sealed_key_id, sealed_box, created_at)
  values (?, ?, ?, ?, ?)
  on conflict (scope) do update set fingerprint = excluded.fingerprint, sealed_key_id = excluded.sealed_key_id,
    sealed_box = excluded.sealed_box, created_at = excluded.created_at
  where idempotent_answers.created_at <= ?`

const SWEEP = `delete from idempotent_answers where scope in
  (select scope from idempotent_answers where created_at <= ? order by created_at limit ?)`

export const idempotentAnswerReader = (sql: SqlConnection): IdempotentAnswerReader => ({
  async find(scope, laterThan) {
    const row = await sql.get<Row>(FIND, scope, laterThan)
    return row === undefined ? null : toAnswer(row)
  },
})

export const idempotentAnswerStore = (sql: SqlConnection): IdempotentAnswerStore => ({
  ...idempotentAnswerReader(sql),

  keep: async ({ scope, fingerprint, sealed, createdAt }, laterThan) =>
    (await sql.run(KEEP, scope, fingerprint, sealed.keyId, sealed.box, createdAt, laterThan)) === 1,

  sweep: async (until, limit) => sql.run(SWEEP, until, limit),
})

const toAnswer = (row: Row): IdempotentAnswer => ({
  scope: row.scope,
  fingerprint: row.fingerprint,
  sealed: { keyId: row.sealed_key_id, box: row.sealed_box },
  createdAt: row.created_at as Millis,
})
