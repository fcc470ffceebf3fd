/**
 * What a client was told, and what it asked for without an answer. The server may have done the latter or
 * not; nothing else may be in its database.
 */
import type { Format, M2mClient } from './m2m-client.ts'
import { readTokenRecords } from './token-records.ts'

export interface LedgerEntry {
  readonly id: string
  readonly token: string
  revocation: 'not asked' | 'asked' | 'acknowledged'
}

export interface Ledger {
  /** Tokens whose issue was acknowledged. */
  readonly entries: LedgerEntry[]
  /** Issues that were asked for and not answered. */
  unansweredIssues: number
  /** Answers that are neither what was asked for nor a broken connection. */
  readonly refusals: string[]
}

export const createLedger = (): Ledger => ({ entries: [], unansweredIssues: 0, refusals: [] })

/** @returns whether the server answered */
export async function issue(ledger: Ledger, client: M2mClient, format: Format): Promise<boolean> {
  const answer = await client.issue(format)
  if (answer === null) ledger.unansweredIssues++
  else if (answer.status !== 201) ledger.refusals.push(`issue: ${answer.status}`)
  else ledger.entries.push({ id: answer.body.id, token: answer.body.token, revocation: 'not asked' })
  return answer !== null
}

/** @returns whether the server answered */
export async function revoke(ledger: Ledger, client: M2mClient, entry: LedgerEntry): Promise<boolean> {
  entry.revocation = 'asked'
  const answer = await client.revoke(entry.id, `number ${ledger.entries.length}`)
  if (answer?.status === 200) entry.revocation = 'acknowledged'
  else if (answer !== null) ledger.refusals.push(`revoke: ${answer.status}`)
  return answer !== null
}

/** @returns what the database has or lacks against the ledger; nothing, if it is as it must be */
export function compareRecords(ledger: Ledger, data: string): string[] {
  const { integrity, tokens, halves } = readTokenRecords(data)
  const known = new Map(ledger.entries.map((entry) => [entry.id, entry]))
  const wrong = halves.map((id) => `token and audit events differ: ${id}`)
  if (integrity !== 'ok') wrong.push(`integrity: ${integrity}`)
  for (const { id, revocation } of ledger.entries) {
    const kept = tokens.get(id)
    if (kept === undefined) wrong.push(`acknowledged token lost: ${id}`)
    else if (revocation === 'acknowledged' && !kept.revoked) wrong.push(`acknowledged revocation lost: ${id}`)
    else if (revocation === 'not asked' && kept.revoked) wrong.push(`revoked by nobody: ${id}`)
  }
  const others = [...tokens].filter(([id]) => !known.has(id))
  if (others.length > ledger.unansweredIssues) wrong.push(`${others.length} tokens nobody asked for`)
  wrong.push(...others.filter(([, { revoked }]) => revoked).map(([id]) => `revoked by nobody: ${id}`))
  return wrong
}

/**
 * Verifies those tokens. One whose revocation was asked for and not answered may be in either state; that
 * the verdict is then what the database says is checked against `revoked`.
 *
 * @returns which verdicts are wrong
 */
export async function compareVerdicts(
  entries: readonly LedgerEntry[],
  client: M2mClient,
  revoked: (id: string) => boolean,
): Promise<string[]> {
  const wrong: string[] = []
  const waiting = [...entries]
  const verifyNext = async () => {
    for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
      const expected = revoked(entry.id) ? 404 : 200
      const answer = await client.verify(entry.token)
      if (answer?.status !== expected) {
        wrong.push(`${entry.id}, revocation ${entry.revocation}: ${answer?.status}, not ${expected}`)
      } else if (expected === 200 && answer.body.id !== entry.id)
        wrong.push(`${entry.id}: verified as another`)
    }
  }
  await Promise.all(Array.from({ length: 16 }, verifyNext))
  return wrong
}
