/** What becomes of a group when one of it has written and then failed. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { unavailable } from '../../../packages/server/src/core/errors.ts'
import { createGroupCommit } from '../../../packages/server/src/storage/sqlite/group-commit.ts'
import { openNotes, outcome, QUIET, type Notes } from './notes.ts'

let notes: Notes

beforeEach(() => {
  notes = openNotes()
})
afterEach(() => notes.close())

// A savepoint around each would cost every transaction what only those that fail half way need.
describe('undoing one of a group', () => {
  it('takes no savepoint where nothing has to be undone', async () => {
    const statements: string[] = []
    const commits = createGroupCommit(
      notes.watched((sql) => statements.push(sql)),
      QUIET,
    )
    const refused = () => Promise.reject(new Error('refused'))
    await Promise.all(
      [async () => notes.add('a'), refused, async () => notes.add('b')].map((work) =>
        outcome(commits.run(work)),
      ),
    )
    expect(statements).toEqual(['begin immediate', 'commit'])
    expect(notes.committed()).toEqual(['a', 'b'])
  })

  it('runs the others again, and says so before, where one has written and then failed', async () => {
    const events: string[] = []
    const commits = createGroupCommit(notes.connection, {
      ...QUIET,
      onRestart: () => void events.push('restart'),
    })
    const named = (text: string) => async () => {
      events.push(text)
      return notes.add(text)
    }
    const outcomes = await Promise.all(
      [named('a'), notes.addHalf, named('b')].map((work) => outcome(commits.run(work))),
    )
    expect(outcomes).toEqual([1, 'refused', 1])
    expect(events).toEqual(['a', 'restart', 'a', 'b'])
    expect(notes.committed()).toEqual(['a', 'b'])
  })

  it('counts what the query builder writes, whether or not it returns it', async () => {
    const commits = createGroupCommit(notes.connection, QUIET)
    const insert = notes.connection.query.insertInto('notes' as never).values({ text: 'half' })
    for (const query of [insert, insert.returningAll()]) {
      const work = async () => {
        await query.execute()
        throw new Error('refused')
      }
      expect(await outcome(commits.run(work))).toBe('refused')
    }
    const text = "insert into notes (text) values ('half') returning text"
    const writes = [
      () => notes.connection.all(text),
      () => notes.connection.get(text),
      () => notes.connection.getColumns<unknown[]>(text),
    ]
    for (const write of writes) {
      const work = async () => {
        await write()
        throw new Error('refused')
      }
      expect(await outcome(commits.run(work))).toBe('refused')
    }
    expect(notes.committed()).toEqual([])
  })

  it('runs nothing again that may be run only once', async () => {
    const commits = createGroupCommit(notes.connection, QUIET)
    let runs = 0
    const once = async () => {
      runs++
      return notes.add('once')
    }
    const outcomes = await Promise.all([
      outcome(commits.run(once, { once: true })),
      outcome(commits.run(notes.addHalf)),
      outcome(commits.run(async () => notes.add('b'))),
    ])
    expect(outcomes).toEqual([1, 'refused', 1])
    expect(runs).toBe(1)
    expect(notes.committed()).toEqual(['once', 'b'])
  })

  it('refuses all where it cannot begin again', async () => {
    let begins = 0
    const commits = createGroupCommit(
      notes.watched((sql) => {
        if (sql === 'begin immediate' && ++begins === 2) throw unavailable(new Error('busy'))
      }),
      QUIET,
    )
    const outcomes = await Promise.all(
      [async () => notes.add('a'), notes.addHalf].map((work) => outcome(commits.run(work))),
    )
    expect(outcomes).toEqual(['service_unavailable', 'service_unavailable'])
    expect(notes.committed()).toEqual([])
    expect(await commits.run(async () => notes.add('next'))).toBe(1)
  })
})
