import { randomFillSync } from 'node:crypto'

/** Where unpredictable bytes come from, so that tests can have predictable ones. */
export interface Random {
  /** @returns that many fresh bytes, the caller's to keep. */
  bytes(length: number): Uint8Array
}

/** The operating system's generator, drawn from in blocks: one call each would cost more than a hash. */
const POOL_BYTES = 4096

export const systemRandom: Random = createSystemRandom()

function createSystemRandom(): Random {
  const pool = Buffer.alloc(POOL_BYTES)
  let used = POOL_BYTES
  return {
    bytes(length) {
      if (length > POOL_BYTES) return randomFillSync(new Uint8Array(length))
      if (used + length > POOL_BYTES) {
        randomFillSync(pool)
        used = 0
      }
      const bytes = Uint8Array.prototype.slice.call(pool, used, used + length)
      pool.fill(0, used, used + length) // what was handed out is not kept here
      used += length
      return bytes
    },
  }
}
