import type { MasterKeyReader, MasterKeyStore } from '../storage.ts'
import type { SqlConnection } from '../sql-connection.ts'

export const masterKeyReader = ({ query }: SqlConnection): MasterKeyReader => ({
  list: () => query.selectFrom('master_keys').select(['id', 'fingerprint']).orderBy('id').execute(),
})

export const masterKeyStore = (sql: SqlConnection): MasterKeyStore => ({
  ...masterKeyReader(sql),

  async insert({ id, fingerprint, createdAt }) {
    const insert =
      'insert into master_keys (id, fingerprint, created_at) values (?, ?, ?) on conflict (id) do nothing'
    return (await sql.run(insert, id, fingerprint, createdAt)) > 0
  },
})
