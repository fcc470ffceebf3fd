import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AuthorityError, unavailable } from '../../core/errors.ts'
import { createGroupCommit, type GroupCommitOptions } from './group-commit.ts'
import { connectSqlite, type SqliteConnection } from './connection.ts'

let folder: string
let connection: SqliteConnection
let other: SqliteConnection

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mintmark-test-'))
  connection = connectSqlite(join(folder, 'test.db'), { readOnly: false })
  connection.exec('pragma journal_mode = wal; pragma foreign_keys = on')
  connection.exec('create table parents (id integer primary key) strict')
  connection.exec('create table notes (text text unique, parent integer references parents (id)) strict')
  other = connectSqlite(join(folder, 'test.db'), { readOnly: true })
})

afterEach(() => {
  other.close()
  connection.close()
  rmSync(folder, { recursive: true })
})

const QUIET: GroupCommitOptions = { onEnd: () => {}, onFatal: () => {} }
const note = (text: string, parent: number | null = null) =>
  connection.runNow('insert into notes (text, parent) values (?, ?)', text, parent)
/** What another connection sees: what is committed. */
const committed = () =>
  other.allNow<{ text: string }>('select text from notes order by rowid').map(({ text }) => text)

/** The connection, with a look at each statement that is run. */
const watched = (look: (sql: string) => void): SqliteConnection => ({
  ...connection,
  runNow(sql, ...values) {
    look(sql)
    return connection.runNow(sql, ...values)
  },
  get inTransaction() {
    return connection.inTransaction
  },
  get writes() {
    return connection.writes
  },
})

const outcome = (promise: Promise<unknown>) =>
  promise.then(
    (value) => value,
    (error: unknown) => (error instanceof AuthorityError ? error.code : (error as Error).message),
  )

describe('a group of transactions', () => {
  it('is committed once for all that were asked for together', async () => {
    const statements: string[] = []
    const commits = createGroupCommit(
      watched((sql) => statements.push(sql)),
      QUIET,
    )
    const values = await Promise.all(['a', 'b', 'c'].map((text) => commits.run(async () => note(text))))
    expect(values).toEqual([1, 1, 1])
    expect(committed()).toEqual(['a', 'b', 'c'])
    expect(statements.filter((sql) => sql === 'commit')).toHaveLength(1)
  })

  const turn = () => new Promise((resolve) => setImmediate(resolve))

  it('waits a turn of the event loop longer where several have come, but not for ever', async () => {
    const statements: string[] = []
    const commits = createGroupCommit(
      watched((sql) => statements.push(sql)),
      QUIET,
    )
    const all = ['a', 'b'].map((text) => commits.run(async () => note(text)))
    await turn()
    all.push(commits.run(async () => note('c')))
    await Promise.all(all)
    expect(statements).toEqual(['begin immediate', 'commit'])

    let isTold = false
    void commits.run(async () => note('first')).then(() => (isTold = true))
    let turns = 0
    for (; !isTold && turns < 20; turns++) {
      void commits.run(async () => 'later')
      await turn()
    }
    expect(turns).toBeLessThan(10)
    await commits.drained()
  })

  it('keeps all of a transaction or nothing, whatever becomes of its neighbours', async () => {
    const commits = createGroupCommit(connection, QUIET)
    const outcomes = await Promise.all([
      outcome(commits.run(async () => note('before'))),
      outcome(
        commits.run(async () => {
          note('half')
          await Promise.resolve()
          throw new Error('refused')
        }),
      ),
      outcome(commits.run(async () => [note('half'), note('half')])),
      outcome(commits.run(async () => note('after'))),
    ])
    expect(outcomes).toEqual([1, 'refused', 'service_unavailable', 1])
    expect(committed()).toEqual(['before', 'after'])
  })

  it('runs one transaction after the other, each seeing what those before it did', async () => {
    const commits = createGroupCommit(connection, QUIET)
    const count = () => connection.allNow('select text from notes').length
    const seen = await Promise.all(
      ['a', 'b', 'c'].map((text) =>
        commits.run(async () => {
          const before = count()
          note(text)
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
    const commits = createGroupCommit(connection, QUIET)
    const seen = await commits.run(async () => {
      note('a')
      return committed()
    })
    expect(seen).toEqual([])
    expect(committed()).toEqual(['a'])
  })

  // Stops a caller from being told of a revocation that a crash can still undo.
  it('tells nobody, of success or refusal, before the commit', async () => {
    const told: string[] = []
    const events: string[] = []
    const look = (sql: string) => {
      if (sql === 'commit') events.push(`commit with ${told.length} told`)
    }
    const commits = createGroupCommit(watched(look), {
      ...QUIET,
      onEnd: () => void events.push(`end with ${told.length} told and ${committed().length} committed`),
    })
    const works = [async () => note('a'), () => Promise.reject(new Error('refused')), async () => note('b')]
    await Promise.all(works.map(async (work) => told.push(String(await outcome(commits.run(work))))))
    expect(events).toEqual(['commit with 0 told', 'end with 0 told and 2 committed'])
    expect(told.toSorted()).toEqual(['1', '1', 'refused'])
  })

  it('waits for the disk unless all of a group may be undone by a crash', async () => {
    connection.exec('pragma synchronous = full')
    const levels: number[] = []
    const look = (sql: string) => {
      if (sql === 'commit')
        levels.push(connection.allNow<{ synchronous: number }>('pragma synchronous')[0]!.synchronous)
    }
    const commits = createGroupCommit(watched(look), QUIET)
    const behind = (text: string) => commits.run(async () => note(text), { durable: false })
    await Promise.all([behind('a'), behind('b')])
    await Promise.all([behind('c'), commits.run(async () => note('d'))])
    await behind('e')
    await commits.run(async () => note('f'))
    expect(committed()).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    const [normal, full] = [1, 2]
    expect(levels).toEqual([normal, full, normal, full])
  })

  it('takes in what is asked for while another group runs, and drains to the last', async () => {
    const commits = createGroupCommit(connection, QUIET)
    let later: Promise<number> | undefined
    await commits.run(async () => {
      later = commits.run(async () => note('later'))
      return note('first')
    })
    await commits.drained()
    expect(committed()).toEqual(['first', 'later'])
    expect(await later).toBe(1)
    await commits.drained()
  })
})

// A savepoint around each would cost every transaction what only those that fail half way need.
describe('undoing one of a group', () => {
  const halfWay = async () => {
    note('half')
    throw new Error('refused')
  }

  it('takes no savepoint where nothing has to be undone', async () => {
    const statements: string[] = []
    const commits = createGroupCommit(
      watched((sql) => statements.push(sql)),
      QUIET,
    )
    const refused = () => Promise.reject(new Error('refused'))
    await Promise.all(
      [async () => note('a'), refused, async () => note('b')].map((work) => outcome(commits.run(work))),
    )
    expect(statements).toEqual(['begin immediate', 'commit'])
    expect(committed()).toEqual(['a', 'b'])
  })

  it('runs the others again, and says so before, where one has written and then failed', async () => {
    const events: string[] = []
    const commits = createGroupCommit(connection, { ...QUIET, onRestart: () => void events.push('restart') })
    const named = (text: string) => async () => {
      events.push(text)
      return note(text)
    }
    const outcomes = await Promise.all(
      [named('a'), halfWay, named('b')].map((work) => outcome(commits.run(work))),
    )
    expect(outcomes).toEqual([1, 'refused', 1])
    expect(events).toEqual(['a', 'restart', 'a', 'b'])
    expect(committed()).toEqual(['a', 'b'])
  })

  it('counts what the query builder writes, whether or not it returns it', async () => {
    const commits = createGroupCommit(connection, QUIET)
    const insert = connection.query.insertInto('notes' as never).values({ text: 'half' })
    for (const query of [insert, insert.returningAll()]) {
      const work = async () => {
        await query.execute()
        throw new Error('refused')
      }
      expect(await outcome(commits.run(work))).toBe('refused')
    }
    const text = "insert into notes (text) values ('half') returning text"
    const writes = [
      () => connection.all(text),
      () => connection.get(text),
      () => connection.getColumns<unknown[]>(text),
    ]
    for (const write of writes) {
      const work = async () => {
        await write()
        throw new Error('refused')
      }
      expect(await outcome(commits.run(work))).toBe('refused')
    }
    expect(committed()).toEqual([])
  })

  it('runs nothing again that may be run only once', async () => {
    const commits = createGroupCommit(connection, QUIET)
    let runs = 0
    const once = async () => {
      runs++
      return note('once')
    }
    const outcomes = await Promise.all([
      outcome(commits.run(once, { once: true })),
      outcome(commits.run(halfWay)),
      outcome(commits.run(async () => note('b'))),
    ])
    expect(outcomes).toEqual([1, 'refused', 1])
    expect(runs).toBe(1)
    expect(committed()).toEqual(['once', 'b'])
  })

  it('refuses all where it cannot begin again', async () => {
    let begins = 0
    const commits = createGroupCommit(
      watched((sql) => {
        if (sql === 'begin immediate' && ++begins === 2) throw unavailable(new Error('busy'))
      }),
      QUIET,
    )
    const outcomes = await Promise.all(
      [async () => note('a'), halfWay].map((work) => outcome(commits.run(work))),
    )
    expect(outcomes).toEqual(['service_unavailable', 'service_unavailable'])
    expect(committed()).toEqual([])
    expect(await commits.run(async () => note('next'))).toBe(1)
  })
})

describe('a commit that fails', () => {
  /** Passes every statement; only the commit finds that the parent is missing. */
  const orphan = async () => {
    connection.exec('pragma defer_foreign_keys = on')
    return note('orphan', 7)
  }

  // Stops a success from being told that the disk does not have: fosite's CVE-2020-15223.
  it('refuses everybody in the group with service_unavailable and leaves nothing', async () => {
    const commits = createGroupCommit(connection, QUIET)
    const works = [async () => note('a'), orphan, () => Promise.reject(new Error('refused'))]
    const outcomes = await Promise.all(works.map((work) => outcome(commits.run(work))))
    expect(outcomes).toEqual(['service_unavailable', 'service_unavailable', 'service_unavailable'])
    expect(committed()).toEqual([])
    expect(connection.inTransaction).toBe(false)
  })

  it('is over with its group: the next one stands', async () => {
    let ends = 0
    const commits = createGroupCommit(connection, { ...QUIET, onEnd: () => void ends++ })
    expect(await outcome(commits.run(orphan))).toBe('service_unavailable')
    expect(await commits.run(async () => note('next'))).toBe(1)
    expect(committed()).toEqual(['next'])
    expect(ends).toBe(2)
    expect(() => commits.check()).not.toThrow()
  })

  it('refuses the group too where SQLite has rolled back by itself, as on a full disk', async () => {
    const commits = createGroupCommit(connection, QUIET)
    connection.exec('pragma max_page_count = 8')
    const full = async () => note('x'.repeat(100_000))
    const told = await Promise.allSettled([async () => note('a'), full].map((work) => commits.run(work)))
    // The operator's log has to say what is the matter, and not what came of it.
    const expected = { code: 'service_unavailable', cause: { message: 'database or disk is full' } }
    for (const each of told) expect(each).toMatchObject({ status: 'rejected', reason: expected })
    expect(committed()).toEqual([])

    connection.exec('pragma max_page_count = 1000000')
    expect(await commits.run(async () => note('space again'))).toBe(1)
    expect(committed()).toEqual(['space again'])
  })

  it('refuses the group too where work has made nothing of that', async () => {
    const commits = createGroupCommit(connection, QUIET)
    connection.exec('pragma max_page_count = 8')
    const careless = async () => {
      try {
        note('x'.repeat(100_000))
      } catch {
        // It goes on.
      }
    }
    const works = [async () => note('a'), careless, async () => note('b')]
    const outcomes = await Promise.all(works.map((work) => outcome(commits.run<unknown>(work))))
    expect(outcomes).toEqual(['service_unavailable', 'service_unavailable', 'service_unavailable'])
    expect(committed()).toEqual([])
  })

  it('refuses the group where it cannot begin', async () => {
    const failing = createGroupCommit(
      watched((sql) => {
        if (sql === 'begin immediate') throw unavailable(new Error('busy'))
      }),
      QUIET,
    )
    expect(await outcome(failing.run(async () => note('a')))).toBe('service_unavailable')
    expect(committed()).toEqual([])
  })
})

// After a failed fsync the pages that the system calls written may be lost: nothing can be promised any more.
describe('a failed fsync', () => {
  it.each([1034, 1290])('(error %i) ends all acknowledging, and says so once', async (errcode) => {
    const fatal: Error[] = []
    const failing = createGroupCommit(
      watched((sql) => {
        if (sql === 'commit') throw unavailable(Object.assign(new Error('disk I/O error'), { errcode }))
      }),
      { ...QUIET, onFatal: (error) => void fatal.push(error) },
    )
    expect(() => failing.check()).not.toThrow()
    for (const text of ['a', 'b']) {
      expect(await outcome(failing.run(async () => note(text)))).toBe('service_unavailable')
    }
    expect(fatal).toHaveLength(1)
    expect(() => failing.check()).toThrow(expect.objectContaining({ code: 'service_unavailable' }))
    expect(committed()).toEqual([])
  })
})

// Stops a slow disk from making a queue that no caller waits for any more.
it('past 10,000 waiting, more are turned away with too_many_requests and the others served', async () => {
  const commits = createGroupCommit(connection, QUIET)
  const waiting = Array.from({ length: 10_000 }, (_, index) => commits.run(async () => index))
  const turnedAway = await Promise.all([1, 2].map(() => outcome(commits.run(async () => note('a')))))
  expect(turnedAway).toEqual(['too_many_requests', 'too_many_requests'])
  expect((await Promise.all(waiting)).length).toBe(10_000)
  expect(await commits.run(async () => note('room again'))).toBe(1)
  expect(committed()).toEqual(['room again'])
})
