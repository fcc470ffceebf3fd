/** The measurements of all workers as those of one server. */
import { AggregatorRegistry, type Registry } from 'prom-client'
import type { Measurements } from './messages.ts'

export interface Sum {
  /** Keeps what a worker has counted that is no more: a count that fell would look like a restart of the server. */
  addEnded(measurements: Measurements): void
  /** In the text form of Prometheus. @param live of each worker there is, now or soon */
  toText(live: readonly Promise<Measurements>[]): Promise<string>
}

/** What is only true now, such as the memory in use, is gone with its worker. */
const KEPT = ['counter', 'histogram']

export function createSum(): Sum {
  let ended: Promise<Measurements> = Promise.resolve([])
  return {
    addEnded(measurements) {
      ended = ended.then(async (before) => {
        const all = await aggregate([before, measurements]).getMetricsAsJSON()
        return all.filter(({ type }) => KEPT.includes(String(type)))
      })
    },
    async toText(live) {
      // Both at this instant: a worker that ends meanwhile is among the one or the other.
      const [before, ...others] = await Promise.all([ended, ...live])
      return aggregate([...others, before]).metrics()
    },
  }
}

const aggregate = (all: readonly Measurements[]): Registry =>
  AggregatorRegistry.aggregate(all.map((each) => [...each]))
