/** What is asked for together is committed together, and told afterwards. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createGroupCommit } from '../../../packages/server/src/storage/sqlite/group-commit.ts'
import { openNotes, outcome, QUIET, type Notes } from './notes.ts'

let notes: Notes

beforeEach(() => {
  notes = openNotes()
})
afterEach(() => notes.close())

describe('a group of transactions', () => {
  it('is committed once for all that were asked for together', async () => {
    const statements: string[] = []
    const commits = createGroupCommit(
      notes.watched((sql) => statements.push(sql)),
      QUIET,
    )
    const values = await Promise.all(['a', 'b', 'c'].map((text) => commits.run(async () => notes.add(text))))
    expect(values).toEqual([1, 1, 1])
    expect(notes.committed()).toEqual(['a', 'b', 'c'])
    expect(statements.filter((sql) => sql === 'commit')).toHaveLength(1)
  })

  const turn = () => new Promise((resolve) => setImmediate(resolve))

  it('waits a turn of the event loop longer where several have come, but not for ever', async () => {
    const statements: string[] = []
    const commits = createGroupCommit(
      notes.watched((sql) => statements.push(sql)),
      QUIET,
    )
    const all = ['a', 'b'].map((text) => commits.run(async () => notes.add(text)))
    await turn()
    all.push(commits.run(async () => notes.add('c')))
    await Promise.all(all)
    expect(statements).toEqual(['begin immediate', 'commit'])

    let isTold = false
    void commits.run(async () => notes.add('first')).then(() => (isTold = true))
    let turns = 0
    for (; !isTold && turns < 20; turns++) {
      void commits.run(async () => 'later')
      await turn()
    }
    expect(turns).toBeLessThan(10)
    await commits.drained()
  })

  it('keeps all of a transaction or nothing, whatever becomes of its neighbours', async () => {
    const commits = createGroupCommit(notes.connection, QUIET)
    const outcomes = await Promise.all([
      outcome(commits.run(async () => notes.add('before'))),
      outcome(
        commits.run(async () => {
          notes.add('half')
          await Promise.resolve()
          throw new Error('refused')
        }),
      ),
      outcome(commits.run(async () => [notes.add('half'), notes.add('half')])),
      outcome(commits.run(async () => notes.add('after'))),
    ])
    expect(outcomes).toEqual([1, 'refused', 'service_unavailable', 1])
    expect(notes.committed()).toEqual(['before', 'after'])
  })

  it('runs one transaction after the other, each seeing what those before it did', async () => {
    const commits = createGroupCommit(notes.connection, QUIET)
    const count = () => notes.connection.allNow('select text from notes').length
    const seen = await Promise.all(
      ['a', 'b', 'c'].map((text) =>
        commits.run(async () => {
          const before = count()
          notes.add(text)
          for (let turn = 0; turn < 10; turn++) await Promise.resolve()
          return [before, count()]
        }),
      ),
    )
    expect(seen).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ])
  })

  it('shows nothing to others before it is committed', async () => {
    const commits = createGroupCommit(notes.connection, QUIET)
    const seen = await commits.run(async () => {
      notes.add('a')
      return notes.committed()
    })
    expect(seen).toEqual([])
    expect(notes.committed()).toEqual(['a'])
  })

  // Stops a caller from being told of a revocation that a crash can still undo.
  it('tells nobody, of success or refusal, before the commit', async () => {
    const told: string[] = []
    const events: string[] = []
    const look = (sql: string) => {
      if (sql === 'commit') events.push(`commit with ${told.length} told`)
    }
    const commits = createGroupCommit(notes.watched(look), {
      ...QUIET,
      onEnd: () => void events.push(`end with ${told.length} told and ${notes.committed().length} committed`),
    })
    const works = [
      async () => notes.add('a'),
      () => Promise.reject(new Error('refused')),
      async () => notes.add('b'),
    ]
    await Promise.all(works.map(async (work) => told.push(String(await outcome(commits.run(work))))))
    expect(events).toEqual(['commit with 0 told', 'end with 0 told and 2 committed'])
    expect(told.toSorted()).toEqual(['1', '1', 'refused'])
  })

  it('waits for the disk unless all of a group may be undone by a crash', async () => {
    notes.connection.exec('pragma synchronous = full')
    const levels: number[] = []
    const look = (sql: string) => {
      if (sql === 'commit')
        levels.push(notes.connection.allNow<{ synchronous: number }>('pragma synchronous')[0]!.synchronous)
    }
    const commits = createGroupCommit(notes.watched(look), QUIET)
    const behind = (text: string) => commits.run(async () => notes.add(text), { durable: false })
    await Promise.all([behind('a'), behind('b')])
    await Promise.all([behind('c'), commits.run(async () => notes.add('d'))])
    await behind('e')
    await commits.run(async () => notes.add('f'))
    expect(notes.committed()).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    const [normal, full] = [1, 2]
    expect(levels).toEqual([normal, full, normal, full])
  })

  it('takes in what is asked for while another group runs, and drains to the last', async () => {
    const commits = createGroupCommit(notes.connection, QUIET)
    let later: Promise<number> | undefined
    await commits.run(async () => {
      later = commits.run(async () => notes.add('later'))
      return notes.add('first')
    })
    await commits.drained()
    expect(notes.committed()).toEqual(['first', 'later'])
    expect(await later).toBe(1)
    await commits.drained()
  })
})

// Stops a slow disk from making a queue that no caller waits for any more.
it('past 10,000 waiting, more are turned away with too_many_requests and the others served', async () => {
  const commits = createGroupCommit(notes.connection, QUIET)
  const waiting = Array.from({ length: 10_000 }, (_, index) => commits.run(async () => index))
  const turnedAway = await Promise.all([1, 2].map(() => outcome(commits.run(async () => notes.add('a')))))
  expect(turnedAway).toEqual(['too_many_requests', 'too_many_requests'])
  expect((await Promise.all(waiting)).length).toBe(10_000)
  expect(await commits.run(async () => notes.add('room again'))).toBe(1)
  expect(notes.committed()).toEqual(['room again'])
})
