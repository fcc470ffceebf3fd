import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCursor } from './cursor.ts'
import { createFollower, type Follower } from './follower.ts'
import type { LogEntry, LogPage } from './log.ts'

const LEASE = 1_000
let now: { monotonic: number; wall: number }
let log: LogEntry[]
let forgotten: string[]
let reads: number
/** What reading does instead of answering at once. */
let hold: (() => Promise<void>) | null
let follower: Follower

beforeEach(() => {
  now = { monotonic: 0, wall: 0 }
  log = []
  forgotten = []
  reads = 0
  hold = null
  const memory = {
    forget: ({ m2mTokens }: { m2mTokens: ReadonlySet<string> }) => void forgotten.push(...m2mTokens),
    clear: () => void forgotten.push('all'),
  }
  follower = createFollower({
    cursor: createCursor(memory, { epoch: 'a', position: 0 }),
    async readAfter(position): Promise<LogPage> {
      reads++
      const page = {
        head: { epoch: 'a', position: log.length },
        entries: log.filter((entry) => entry.position > position).slice(0, 2),
      }
      await hold?.()
      return page
    },
    leaseMs: LEASE,
    pollMs: 5,
    clock: { monotonic: () => now.monotonic, wall: () => now.wall },
  })
})

afterEach(() => follower.stop())

const write = (id: string) => void log.push({ position: log.length + 1, m2mTokenId: id })
const pass = (ms: number) => (now = { monotonic: now.monotonic + ms, wall: now.wall + ms })

describe('a follower', () => {
  it('has nothing to go by before it has read the log', async () => {
    expect(follower.isFresh()).toBe(false)
    await follower.refresh()
    expect(follower.isFresh()).toBe(true)
  })

  it('reads to the end, however long the log is', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) write(id)
    await follower.refresh()
    expect(forgotten).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('is fresh for as long as the lease, from the beginning of a reading', async () => {
    hold = async () => void pass(400)
    await follower.refresh()
    expect(follower.age()).toBe(400)
    pass(LEASE - 401)
    expect(follower.isFresh()).toBe(true)
    pass(1)
    expect(follower.isFresh()).toBe(false)
  })

  // Stops a machine that slept, on which one clock did not go on, from believing what it remembers.
  it.each([
    ['monotonic', { monotonic: LEASE, wall: 0 }],
    ['wall', { monotonic: 0, wall: LEASE }],
  ])('is not fresh once the %s clock says so, whatever the other does', async (_clock, later) => {
    await follower.refresh()
    now = later
    expect(follower.isFresh()).toBe(false)
  })

  it('is as old as it is where the clock on the wall is set back', async () => {
    await follower.refresh()
    now = { monotonic: LEASE - 1, wall: -3_600_000 }
    expect(follower.isFresh()).toBe(true)
    now = { monotonic: LEASE, wall: -3_600_000 }
    expect(follower.isFresh()).toBe(false)
  })

  it('has one reading for all who ask at once', async () => {
    await Promise.all([follower.refresh(), follower.refresh(), follower.refresh()])
    expect(reads).toBe(1)
  })

  // Stops who joins a reading that began long ago from taking it for one of now.
  it('reads again if the reading it waited for began too long ago', async () => {
    const slow = Promise.withResolvers<void>()
    hold = () => slow.promise
    const first = follower.refresh()
    pass(LEASE)
    write('a')
    hold = null
    const second = follower.refresh()
    slow.resolve()
    await Promise.all([first, second])
    expect(forgotten).toEqual(['a'])
    expect(follower.isFresh()).toBe(true)
  })

  it('says if reading takes longer than the lease, or fails', async () => {
    hold = async () => void pass(LEASE)
    await expect(follower.refresh()).rejects.toThrow('longer than the lease')
    hold = () => Promise.reject(new Error('cut off'))
    await expect(follower.refresh()).rejects.toThrow('cut off')
    expect(follower.isFresh()).toBe(false)
    hold = null
    await follower.refresh()
    expect(follower.isFresh()).toBe(true)
  })

  it('reads from time to time, also after a failure', async () => {
    hold = () => Promise.reject(new Error('cut off'))
    follower.start()
    while (reads < 3) await nextTurn()
    hold = null
    write('a')
    while (forgotten.length === 0) await nextTurn()
    follower.stop()
    const before = reads
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(reads).toBeLessThanOrEqual(before + 1)
  })

  // Stops a word that comes during a reading, of what that did not see, from being lost.
  it('reads once more if it is woken while it reads', async () => {
    const slow = Promise.withResolvers<void>()
    hold = () => slow.promise
    follower.start()
    while (reads === 0) await nextTurn()
    write('a')
    follower.wake()
    hold = null
    slow.resolve()
    while (forgotten.length === 0) await nextTurn()
    expect(forgotten).toEqual(['a'])
  })
})
