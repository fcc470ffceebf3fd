/** One line on a terminal that says how far something long has come. Elsewhere there is none. */

export interface Progress {
  /** @param total 0 if nobody knows */
  show(what: string, done: number, total: number): void
  /** Wipes the line away. */
  end(): void
}

const BAR_WIDTH = 30
/** More often nobody sees it. */
const PAUSE_MS = 100

/** @returns `null` where nobody would see it */
export function startProgress(): Progress | null {
  const { stderr } = process
  if (!stderr.isTTY) return null
  let shownAt = -Infinity
  return {
    show(what, done, total) {
      const now = performance.now()
      if (now - shownAt < PAUSE_MS) return
      shownAt = now
      const rows = total === 0 ? `${done} rows` : `${bar(done / total)} ${done} of ${total} rows`
      stderr.write(`\r${what} ${rows}\u001b[K`)
    },
    end: () => void stderr.write('\r\u001b[K'),
  }
}

function bar(share: number): string {
  const full = Math.round(Math.min(1, share) * BAR_WIDTH)
  const percent = String(Math.floor(Math.min(1, share) * 100)).padStart(3)
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}] ${percent}%`
}
