/** A database of notes for transactions to write to, and what tests see of it. */
import { join } from 'node:path'
import { AuthorityError } from '../../../packages/server/src/core/errors.ts'
import {
  connectSqlite,
  type SqliteConnection,
} from '../../../packages/server/src/storage/sqlite/connection.ts'
import type { GroupCommitOptions } from '../../../packages/server/src/storage/sqlite/group-commit.ts'
import { removeFolder, temporaryFolder } from '../../support/server-process.ts'

export interface Notes {
  /** The one that transactions write through. */
  readonly connection: SqliteConnection
  /** @returns how many rows that made: 1 */
  add(text: string, parent?: number | null): number
  /** Writes one, and fails. */
  addHalf(): Promise<never>
  /** What another connection sees. */
  committed(): string[]
  /** The connection, with a look at each statement that is run through `runNow`. */
  watched(look: (sql: string) => void): SqliteConnection
  close(): void
}

export const QUIET: GroupCommitOptions = { onEnd: () => {}, onFatal: () => {} }

export function openNotes(): Notes {
  const folder = temporaryFolder()
  const path = join(folder, 'test.db')
  const connection = connectSqlite(path, { readOnly: false })
  connection.exec('pragma journal_mode = wal; pragma foreign_keys = on')
  connection.exec('create table parents (id integer primary key) strict')
  connection.exec('create table notes (text text unique, parent integer references parents (id)) strict')
  const other = connectSqlite(path, { readOnly: true })
  const add = (text: string, parent: number | null = null) =>
    connection.runNow('insert into notes (text, parent) values (?, ?)', text, parent)
  return {
    connection,
    add,
    async addHalf() {
      add('half')
      throw new Error('refused')
    },
    committed: () =>
      other.allNow<{ text: string }>('select text from notes order by rowid').map(({ text }) => text),
    watched: (look) => ({
      ...connection,
      runNow(sql, ...values) {
        look(sql)
        return connection.runNow(sql, ...values)
      },
      get inTransaction() {
        return connection.inTransaction
      },
      get writes() {
        return connection.writes
      },
    }),
    close() {
      other.close()
      connection.close()
      removeFolder(folder)
    },
  }
}

/** What came of a transaction: its value, the code of its refusal, or the message of another error. */
export const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: unknown) => (error instanceof AuthorityError ? error.code : (error as Error).message),
  )
