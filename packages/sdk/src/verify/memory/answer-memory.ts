export interface AnswerMemoryOptions<Answer> {
  /** How old an answer may be, from when it was asked for. */
  readonly maxAgeMs: number
  /** How many answers are remembered; 0 for none. */
  readonly size: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Milliseconds that never go back. */
  readonly clock: () => number
  /** The instant from which an answer is none, however young it is; `null` for one that is not remembered. */
  readonly goodUntil: (answer: Answer) => number | null
}

/** @param key what is asked about: nothing that is a secret, for it is kept */
export type AnswerMemory<Answer> = (
  key: string | Promise<string>,
  ask: () => Promise<Answer>,
) => Promise<Answer>

/**
 * Remembers for a moment what the authority said, and asks it once for all who want to know the same at the
 * same time. Faults are not remembered.
 */
export function createAnswerMemory<Answer>(options: AnswerMemoryOptions<Answer>): AnswerMemory<Answer> {
  const { maxAgeMs, size, now, clock, goodUntil } = options
  const entries = new Map<string, Entry<Answer>>()

  const isGood = ({ askedAt, until }: Entry<Answer>) => clock() - askedAt < maxAgeMs && now() < until

  function share(key: string, ask: () => Promise<Answer>): Promise<Answer> {
    const entry: Entry<Answer> = { askedAt: clock(), until: Infinity, answer: ask() }
    const forget = () => {
      if (entries.get(key) === entry) entries.delete(key)
    }
    keepNewest(entries, key, entry, size)
    entry.answer.then((answer) => {
      const until = goodUntil(answer)
      if (until === null) forget()
      else entry.until = until
    }, forget)
    return entry.answer
  }

  return async (given, ask) => {
    const calledAt = clock()
    const key = await given
    const known = entries.get(key)
    if (!known || !isGood(known)) return share(key, ask)
    const answer = await known.answer
    // It may have been a long wait; but what was asked since the call is as right as a question of its own.
    if (known.askedAt >= calledAt || isGood(known)) return answer
    const newer = entries.get(key)
    return newer && newer.askedAt >= calledAt ? newer.answer : share(key, ask)
  }
}

interface Entry<Answer> {
  readonly askedAt: number
  /** `Infinity` while the answer is awaited. */
  until: number
  readonly answer: Promise<Answer>
}

/** Puts an entry last in line, and lets those go that were put there longest ago if there are too many. */
export function keepNewest<Entry>(
  entries: Map<string, Entry>,
  digest: string,
  entry: Entry,
  limit: number,
): void {
  entries.delete(digest)
  entries.set(digest, entry)
  for (const [oldest] of entries) {
    if (entries.size <= limit) return
    entries.delete(oldest)
  }
}
