/**
 * What `oidc-provider` keeps, in SQLite: a row for each record, found by its primary key with prepared statements,
 * on the disk before it is answered. Only what the two measured operations ask for; the rest says that it is not there.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

type Payload = Readonly<Record<string, unknown>>

export function createSqliteAdapter(folder: string) {
  mkdirSync(folder, { recursive: true })
  const database = new DatabaseSync(join(folder, 'oidc-provider.db'))
  database.exec(`
    pragma journal_mode = wal;
    pragma synchronous = full;
    create table records (
      model text not null, id text not null, payload text not null, expires_at integer,
      primary key (model, id)
    ) strict, without rowid`)
  const upsert = database.prepare('insert or replace into records values (?, ?, ?, ?)')
  const find = database.prepare('select payload, expires_at from records where model = ? and id = ?')
  const destroy = database.prepare('delete from records where model = ? and id = ?')
  const absent = (what: string) => async () => {
    throw new Error(`${what} is not among what is measured.`)
  }

  return (model: string) => ({
    async upsert(id: string, payload: Payload, expiresIn?: number) {
      const expiresAt = expiresIn === undefined ? null : Date.now() + expiresIn * 1000
      upsert.run(model, id, JSON.stringify(payload), expiresAt)
    },
    async find(id: string): Promise<Payload | undefined> {
      const row = find.get(model, id)
      const isLive = row !== undefined && (row.expires_at === null || Number(row.expires_at) > Date.now())
      return isLive ? (JSON.parse(String(row.payload)) as Payload) : undefined
    },
    async destroy(id: string) {
      destroy.run(model, id)
    },
    findByUid: absent('A session'),
    findByUserCode: absent('A user code'),
    consume: absent('Consumption'),
    revokeByGrantId: absent('A grant'),
  })
}
