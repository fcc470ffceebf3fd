/** A group that cannot be committed: nobody is told a success, and nothing is left of it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { unavailable } from '../../../packages/server/src/core/errors.ts'
import { createGroupCommit } from '../../../packages/server/src/storage/sqlite/group-commit.ts'
import { openNotes, outcome, QUIET, type Notes } from './notes.ts'

let notes: Notes

beforeEach(() => {
  notes = openNotes()
})
afterEach(() => notes.close())

describe('a commit that fails', () => {
  /** Passes every statement; only the commit finds that the parent is missing. */
  const orphan = async () => {
    notes.connection.exec('pragma defer_foreign_keys = on')
    return notes.add('orphan', 7)
  }

  // Stops a success from being told that the disk does not have: fosite's CVE-2020-15223.
  it('refuses everybody in the group with service_unavailable and leaves nothing', async () => {
    const commits = createGroupCommit(notes.connection, QUIET)
    const works = [async () => notes.add('a'), orphan, () => Promise.reject(new Error('refused'))]
    const outcomes = await Promise.all(works.map((work) => outcome(commits.run(work))))
    expect(outcomes).toEqual(['service_unavailable', 'service_unavailable', 'service_unavailable'])
    expect(notes.committed()).toEqual([])
    expect(notes.connection.inTransaction).toBe(false)
  })

  it('is over with its group: the next one stands', async () => {
    let ends = 0
    const commits = createGroupCommit(notes.connection, { ...QUIET, onEnd: () => void ends++ })
    expect(await outcome(commits.run(orphan))).toBe('service_unavailable')
    expect(await commits.run(async () => notes.add('next'))).toBe(1)
    expect(notes.committed()).toEqual(['next'])
    expect(ends).toBe(2)
    expect(() => commits.check()).not.toThrow()
  })

  it('refuses the group too where SQLite has rolled back by itself, as on a full disk', async () => {
    const commits = createGroupCommit(notes.connection, QUIET)
    notes.connection.exec('pragma max_page_count = 8')
    const full = async () => notes.add('x'.repeat(100_000))
    const told = await Promise.allSettled([async () => notes.add('a'), full].map((work) => commits.run(work)))
    // The operator's log has to say what is the matter, and not what came of it.
    const expected = { code: 'service_unavailable', cause: { message: 'database or disk is full' } }
    for (const each of told) expect(each).toMatchObject({ status: 'rejected', reason: expected })
    expect(notes.committed()).toEqual([])

    notes.connection.exec('pragma max_page_count = 1000000')
    expect(await commits.run(async () => notes.add('space again'))).toBe(1)
    expect(notes.committed()).toEqual(['space again'])
  })

  it('refuses the group too where work has made nothing of that', async () => {
    const commits = createGroupCommit(notes.connection, QUIET)
    notes.connection.exec('pragma max_page_count = 8')
    const careless = async () => {
      try {
        notes.add('x'.repeat(100_000))
      } catch {
        // It goes on.
      }
    }
    const works = [async () => notes.add('a'), careless, async () => notes.add('b')]
    const outcomes = await Promise.all(works.map((work) => outcome(commits.run<unknown>(work))))
    expect(outcomes).toEqual(['service_unavailable', 'service_unavailable', 'service_unavailable'])
    expect(notes.committed()).toEqual([])
  })

  it('refuses the group where it cannot begin', async () => {
    const failing = createGroupCommit(
      notes.watched((sql) => {
        if (sql === 'begin immediate') throw unavailable(new Error('busy'))
      }),
      QUIET,
    )
    expect(await outcome(failing.run(async () => notes.add('a')))).toBe('service_unavailable')
    expect(notes.committed()).toEqual([])
  })
})

// After a failed fsync the pages that the system calls written may be lost: nothing can be promised any more.
describe('a failed fsync', () => {
  it.each([1034, 1290])('(error %i) ends all acknowledging, and says so once', async (errcode) => {
    const fatal: Error[] = []
    const failing = createGroupCommit(
      notes.watched((sql) => {
        if (sql === 'commit') throw unavailable(Object.assign(new Error('disk I/O error'), { errcode }))
      }),
      { ...QUIET, onFatal: (error) => void fatal.push(error) },
    )
    expect(() => failing.check()).not.toThrow()
    for (const text of ['a', 'b']) {
      expect(await outcome(failing.run(async () => notes.add(text)))).toBe('service_unavailable')
    }
    expect(fatal).toHaveLength(1)
    expect(() => failing.check()).toThrow(expect.objectContaining({ code: 'service_unavailable' }))
    expect(notes.committed()).toEqual([])
  })
})
