/** What the tests of backup, restore and copy as commands have in common. */
import { spawn } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { BIN, cleanEnvironment, temporaryFolder } from '../support/server-process.ts'

export const databaseIn = (folder: string): string => join(folder, 'mintmark.db')

/** A folder with the master key of another, and nothing else. */
export function folderWithKeyOf(other: string): string {
  const folder = temporaryFolder()
  copyFileSync(join(other, 'master.key'), join(folder, 'master.key'))
  return folder
}

export function inDatabase<T>(folder: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(databaseIn(folder), { timeout: 5_000 })
  try {
    return work(database)
  } finally {
    database.close()
  }
}

/** Many tokens, so that whatever goes through all of them takes a while. The folder has at least one. */
export function addTokens(folder: string, count: number): void {
  inDatabase(folder, (database) =>
    database
      .prepare(
        `with recursive counter (n) as (select 1 union all select n + 1 from counter where n < ?)
         insert into m2m_tokens select 'mt_' || printf('%032x', counter.n), token.instance_id, token.machine_id,
           token.format, token.scopes, token.claims, null, token.mac_key_id, token.expires_at, token.revoked_at,
           token.revocation_reason, token.created_at, token.updated_at, token.signing_key_id
         from counter, (select * from m2m_tokens limit 1) as token`,
      )
      .run(count),
  )
}

/** Starts a command and kills it without notice once something is so. @returns whether it was still running */
export function killWhen(args: readonly string[], isTime: () => boolean): Promise<boolean> {
  const child = spawn(process.execPath, [BIN, ...args], { env: cleanEnvironment(), stdio: 'ignore' })
  const timer = setInterval(() => {
    if (isTime()) child.kill('SIGKILL')
  }, 2)
  return new Promise((resolve) => {
    child.once('close', (_code, signal) => {
      clearInterval(timer)
      resolve(signal === 'SIGKILL')
    })
  })
}
