/** Chance that a seed repeats: what it chooses, not when that happens. */
export interface Chance {
  /** From 0 to 1, without 1. */
  next(): number
  /** From one to the other, both whole numbers and both included. */
  between(least: number, most: number): number
  of<T>(choices: readonly T[]): T
  /** Another, which does not depend on how often this one is asked. */
  fork(): Chance
}

/** mulberry32: short, and good enough to choose by. */
export function createChance(seed: number): Chance {
  let state = seed | 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const chance: Chance = {
    next,
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
    of: (choices) => choices[Math.floor(next() * choices.length)]!,
    fork: () => createChance(Math.floor(next() * 2 ** 32)),
  }
  return chance
}
