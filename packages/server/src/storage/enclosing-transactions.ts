/**
 * Lets the transactions of a longer piece of work be one. What is asked for inside `atomically`, however
 * deep in the code, becomes a part of it; everything else is a transaction of its own, as ever.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Transactions } from '../core/stores.ts'
import type { Atomically } from './storage.ts'

/** What runs transactions. */
export interface Runner<Stores> {
  /** @param once nothing of the work may be done a second time, so that it cannot be tried again */
  run<T>(work: (stores: Stores) => Promise<T>, once?: boolean): Promise<T>
}

interface Enclosing<Stores> {
  /** The one transaction, from when the first is asked for. */
  job: Promise<void> | null
  /** Fulfilled when that has begun, or failed to. */
  begun: Promise<void> | null
  /** Those of the one transaction, from when it has begun. */
  stores: Stores | null
  /** Keeps it open until the work has ended, and then writes what is to be written last. */
  readonly hold: (stores: Stores) => Promise<void>
  /** What a part of it threw first. That part is not undone alone: all of it is. */
  failure: { readonly error: unknown } | null
  ended: boolean
}

type Work<Stores, T> = (stores: Stores) => Promise<T>

export function createTransactions<Stores>(
  commits: Runner<Stores>,
): Transactions<Stores> & Atomically<Stores> {
  const enclosing = new AsyncLocalStorage<Enclosing<Stores> | undefined>()

  /** Fulfilled before the commit, so that the work can go on. What others ask for is no part of it. */
  function begin<T>(open: Enclosing<Stores>, work: Work<Stores, T>): Promise<T> {
    const value = Promise.withResolvers<T>()
    const begun = Promise.withResolvers<void>()
    open.begun = begun.promise
    open.job = enclosing.run(undefined, () =>
      commits.run(async (stores) => {
        open.stores = stores
        begun.resolve()
        value.resolve(await work(stores))
        await open.hold(stores)
      }, true),
    )
    open.job.catch((error: unknown) => {
      open.failure ??= { error }
      begun.resolve()
      value.reject(error)
    })
    return value.promise
  }

  async function join<T>(open: Enclosing<Stores>, work: Work<Stores, T>): Promise<T> {
    await open.begun
    if (open.failure !== null) throw open.failure.error
    try {
      return await work(open.stores!)
    } catch (error) {
      open.failure ??= { error }
      throw error
    }
  }

  function current(): Enclosing<Stores> | undefined {
    const open = enclosing.getStore()
    // What outlives the work, such as a callback that was set up inside, is no part of it any more.
    return open?.ended ? undefined : open
  }

  function transaction<T>(work: Work<Stores, T>): Promise<T> {
    const open = current()
    if (open === undefined) return commits.run(work)
    return open.job === null ? begin(open, work) : join(open, work)
  }

  async function atomically<T>(
    work: () => Promise<T>,
    finish: (outcome: T, stores: Stores) => Promise<unknown>,
  ): Promise<T> {
    if (current() !== undefined) {
      const value = await work()
      await transaction((within) => finish(value, within))
      return value
    }
    const outcome = Promise.withResolvers<T>()
    outcome.promise.catch(() => {}) // There may be no transaction that waits for it.
    const open: Enclosing<Stores> = {
      job: null,
      begun: null,
      stores: null,
      failure: null,
      ended: false,
      async hold(within) {
        const value = await outcome.promise
        if (open.failure !== null) throw open.failure.error
        await finish(value, within)
      },
    }
    try {
      const value = await enclosing.run(open, work)
      open.ended = true
      outcome.resolve(value)
      await (open.job ?? commits.run(open.hold, true))
      return value
    } catch (error) {
      open.ended = true
      outcome.reject(error)
      throw error
    }
  }

  return { transaction, atomically }
}
