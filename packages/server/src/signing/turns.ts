import { AuthorityError } from '../core/errors.ts'

/** Runs work of one name after the other. */
export type InTurn = <T>(name: string, work: () => Promise<T>) => Promise<T>

/**
 * For work that is dear and seldom, such as making a key: however many ask at once, it takes one core at most.
 *
 * @param mostWaiting of one name; who comes after them is told `too_many_requests`
 */
export function createTurns(mostWaiting: number): InTurn {
  const lines = new Map<string, { length: number; last: Promise<unknown> }>()
  return async (name, work) => {
    const line = lines.get(name) ?? { length: 0, last: Promise.resolve() }
    if (line.length > mostWaiting) throw new AuthorityError('too_many_requests', { retryAfter: 1 })
    lines.set(name, line)
    line.length++
    const result = line.last.then(work)
    // Whoever is next does not care how it ended.
    line.last = result.catch(() => {})
    try {
      return await result
    } finally {
      if (--line.length === 0) lines.delete(name)
    }
  }
}
