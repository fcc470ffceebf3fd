/**
 * What clients were told is done, in a file that outlives every server, and the check that a server still knows it.
 * Clients may write it from several processes at once: each note is one appended line.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { compareVerdicts, type LedgerEntry } from '../crash/ledger.ts'
import { createM2mClient } from '../crash/m2m-client.ts'
import type { MachineKeys } from './machine-keys.ts'

export interface LedgerFile {
  /** To be called once the issue was acknowledged. */
  issued(id: string, token: string): void
  /** To be called before a revocation is asked for: if it is never acknowledged, it may still be made. */
  revoking(id: string): void
  /** To be called once the revocation was acknowledged. */
  revoked(id: string): void
  close(): void
}

type Note =
  | { readonly issued: string; readonly token: string }
  | { readonly revoking: string }
  | { readonly revoked: string }

export function openLedger(path: string): LedgerFile {
  const file = openSync(path, 'a', 0o600)
  const append = (note: Note) => void writeSync(file, `${JSON.stringify(note)}\n`)
  return {
    issued: (id, token) => append({ issued: id, token }),
    revoking: (id) => append({ revoking: id }),
    revoked: (id) => append({ revoked: id }),
    close: () => closeSync(file),
  }
}

/**
 * Verifies every token of a ledger. One whose revocation was asked for and never acknowledged may be active or
 * not, but there must be an answer, and a second one must be the same.
 *
 * @returns which answers are wrong
 */
export async function checkLedger(path: string, url: string, keys: MachineKeys): Promise<string[]> {
  const entries = readLedger(path)
  const client = createM2mClient({ url, env: { ...keys } })
  const [undecided, decided] = [
    entries.filter(({ revocation }) => revocation === 'asked'),
    entries.filter(({ revocation }) => revocation !== 'asked'),
  ]
  const revoked = new Set(
    decided.filter(({ revocation }) => revocation === 'acknowledged').map(({ id }) => id),
  )
  for (const { id, token } of undecided) if ((await client.verify(token))?.status === 404) revoked.add(id)
  return compareVerdicts(entries, client, (id) => revoked.has(id))
}

export function readLedger(path: string): LedgerEntry[] {
  const entries = new Map<string, LedgerEntry>()
  for (const line of readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
    const note = JSON.parse(line) as Note
    if ('issued' in note) {
      entries.set(note.issued, { id: note.issued, token: note.token, revocation: 'not asked' })
      continue
    }
    const entry = entries.get('revoking' in note ? note.revoking : note.revoked)
    if (entry === undefined) throw new Error('The ledger has a revocation of a token that was not issued.')
    if ('revoked' in note) entry.revocation = 'acknowledged'
    else if (entry.revocation === 'not asked') entry.revocation = 'asked'
  }
  return [...entries.values()]
}
