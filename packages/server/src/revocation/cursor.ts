import type { Forgetful, LogHead, LogPage } from './log.ts'

/** How far a node has read the log. */
export interface Cursor {
  readonly at: LogHead
  /**
   * Has the memory forget what the page says.
   *
   * @param from where the cursor was when the page was asked for; it may have moved since
   * @returns whether that was all there is
   */
  advance(page: LogPage, from: LogHead): boolean
  /** A transaction of this node was committed with its last entry there: what it changed is forgotten already. */
  committed(last: number, count: number): void
}

/** @param start where the log ended when nothing was in memory yet */
export function createCursor(memory: Forgetful, start: LogHead): Cursor {
  let at = start

  return {
    get at() {
      return at
    },
    advance({ head, entries }, from) {
      const next = entries[0]?.position ?? head.position + 1
      // Another history, an older one, or one whose beginning was swept away: what was missed is not known.
      if (head.epoch !== from.epoch || head.position < from.position || next > from.position + 1) {
        memory.clear()
        at = head
        return true
      }
      const last = entries.at(-1)?.position ?? from.position
      if (entries.length > 0) {
        memory.forget({
          directory: entries.some(({ m2mTokenId }) => m2mTokenId === null),
          m2mTokens: new Set(entries.flatMap(({ m2mTokenId }) => m2mTokenId ?? [])),
        })
      }
      if (at.epoch === from.epoch && last > at.position) at = { epoch: at.epoch, position: last }
      return last >= head.position
    },
    committed(last, count) {
      if (at.position === last - count) at = { epoch: at.epoch, position: last }
    },
  }
}
