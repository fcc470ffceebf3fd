/**
 * All contenders take turns, round by round, and before each turn the floor has one: on a machine that is not ours alone
 * only neighbours compare. So every ratio is taken within a round, and the median of the rounds is told.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { load, median, requestBytes, type LoadResult } from '../load.ts'
import { processorMs, type Measured } from '../processes.ts'
import type { Contender } from './contender.ts'

export const CONNECTIONS = 64
/** Seconds: code that has run few times is not optimized yet. */
const WARM_UP = 5

export interface Load {
  readonly contender: Contender
  readonly next: () => Buffer
  readonly expect: number
}

export interface Row extends LoadResult {
  readonly name: string
  /** The floor of the slices before, in requests a second, and the median of the ratios to it. */
  readonly floor: number
  readonly ofFloor: number
  /** How many times as much the first contender did in the same round. */
  readonly firstIsTimes: number
  /** The same by processor time, which other work on the machine distorts less. It knows nothing of waiting. */
  readonly firstIsTimesByProcessor: number
  /** Processor time of the server for one request; not that of a database beside it. */
  readonly processorUs: number
}

interface Rounds {
  readonly seconds: number
  readonly slices: number
}

const shapeOf = ({ contender, next, expect }: Load) => ({
  port: contender.port,
  connections: CONNECTIONS,
  next,
  expect,
})

export async function warmUp(each: Load): Promise<void> {
  await load({ ...shapeOf(each), warmUp: WARM_UP, seconds: 0 })
}

/** @param loads of which the first is what the others are compared with */
export async function measureRounds(
  bare: Measured,
  loads: readonly Load[],
  { seconds, slices }: Rounds,
): Promise<Row[]> {
  const rows: Row[][] = loads.map(() => [])
  for (let round = 0; round < slices; round++) {
    for (const [index, each] of loads.entries()) {
      const slice = await measureSlice(bare, each, seconds)
      const first = index === 0 ? slice : rows[0]!.at(-1)!
      rows[index]!.push({
        ...slice,
        firstIsTimes: first.perSecond / slice.perSecond,
        firstIsTimesByProcessor: slice.processorUs / first.processorUs,
      })
    }
  }
  return rows.map(mediansOf)
}

async function measureSlice(bare: Measured, each: Load, seconds: number): Promise<Row> {
  const floor = await measureFloor(bare, Math.min(seconds, 2))
  await load({ ...shapeOf(each), warmUp: 1, seconds: 0 })
  const { server, name, settleMs } = each.contender
  const before = processorMs(server)
  const result = await load({ ...shapeOf(each), warmUp: 0, seconds })
  const processorUs = ((processorMs(server) - before) * 1000) / result.requests
  // What it still writes must not be counted against the next.
  await sleep(settleMs)
  const ofFloor = result.perSecond / floor
  return { name, ...result, floor, ofFloor, firstIsTimes: 1, firstIsTimesByProcessor: 1, processorUs }
}

const bareRequest = requestBytes('/v1/m2m_tokens/verify', 'ak_'.padEnd(54, '0'), {
  token: 'mt_'.padEnd(54, '0'),
})

async function measureFloor(bare: Measured, seconds: number): Promise<number> {
  const port = Number(bare.ready.port)
  const shape = { port, connections: CONNECTIONS, next: () => bareRequest, expect: 200 }
  return (await load({ ...shape, warmUp: 0.5, seconds })).perSecond
}

function mediansOf(slices: readonly Row[]): Row {
  const of = (key: Exclude<keyof Row, 'name'>) => median(slices.map((slice) => slice[key]))
  return {
    name: slices[0]!.name,
    perSecond: of('perSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    requests: of('requests'),
    floor: of('floor'),
    ofFloor: of('ofFloor'),
    firstIsTimes: of('firstIsTimes'),
    firstIsTimesByProcessor: of('firstIsTimesByProcessor'),
    processorUs: of('processorUs'),
  }
}
