/**
 * `npm run bench -- server`: what one core does, beside the floor of that same core in the same minute. Prints a
 * table and, last, the same as one line of JSON. The load comes from the other core.
 *
 *   --tokens N    live tokens in the database (default 1000000)
 *   --seconds N   how long one slice of a measurement takes (default 5)
 *   --slices N    how many slices each has; medians are printed (default 5)
 *   --work TEXT   only what has this in its name
 *   --cores LIST  those that the server may use (default 0, and then it shares none with the load)
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { withAuthority } from '../packages/server/src/cli/open-folder.ts'
import { configOf } from '../packages/server/src/cli/options.ts'
import type { MachineId } from '../packages/server/src/core/ids.ts'
import { load, median, pick, requestBytes, type LoadResult } from './load.ts'
import { prefill } from './prefill.ts'
import {
  BARE,
  BIN,
  pinThisProcess,
  processorMs,
  residentMb,
  LOAD_CORE,
  SERVER_CORE,
  start,
  type Measured,
} from './processes.ts'

const { values: flags } = parseArgs({
  options: {
    tokens: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '5' },
    slices: { type: 'string', default: '5' },
    work: { type: 'string', default: '' },
    cores: { type: 'string', default: String(SERVER_CORE) },
    data: { type: 'string' },
  },
})
const TOKENS = Number(flags.tokens)
const SECONDS = Number(flags.seconds)
const SLICES = Number(flags.slices)
/** Seconds of load before anything is measured: code that has run few times is not optimized yet. */
const WARM_UP = 10
/** The server writes when tokens were last used every four seconds. */
const SETTLE_MS = 4_500
const CONNECTIONS = 64
/** Different tokens that are verified. Far more than the server keeps in memory, at a million tokens. */
const SAMPLE = Math.min(TOKENS, 400_000)
/** A working set that fits into the server's memory. */
const HOT = 10_000

interface Row extends LoadResult {
  readonly name: string
  /** What the floor did in the slices before, and the median of the ratios to it. */
  readonly bare: number
  readonly ofBare: number
  readonly rssMb: number
  /** Processor time of the server for one request. */
  readonly processorUs: number
}

const say = (text: string) => process.stderr.write(`${text}\n`)

/** The floor and the server, each on the same core, of which one at a time has work. */
interface Pair {
  readonly bare: Measured
  readonly server: Measured
}

/** With the same requests: what they cost the load is a part of both. */
async function measureBare({ bare }: Pair, next: Work['next']): Promise<LoadResult> {
  const port = Number(bare.ready.port)
  return load({ port, connections: CONNECTIONS, warmUp: 1, seconds: SECONDS, expect: 200, next })
}

interface Work {
  readonly name: string
  readonly next: () => Buffer
  readonly expect: number
  /** What it is compared with, if not the bare server: so many a second. */
  readonly floor?: () => number
}

/** Measures in slices, the floor before each: on a machine that is not ours alone, only neighbours compare. */
async function measure(pair: Pair, { name, next, expect, floor }: Work): Promise<Row> {
  const port = Number(new URL(String(pair.server.ready.url)).port)
  const shape = { port, next, expect, connections: CONNECTIONS }
  await load({ ...shape, warmUp: WARM_UP, seconds: 0 })
  const slices: (LoadResult & Pick<Row, 'bare' | 'ofBare' | 'processorUs' | 'rssMb'>)[] = []
  for (let slice = 0; slice < SLICES; slice++) {
    // What the server still writes about the slice before must not be counted against the floor.
    await sleep(SETTLE_MS)
    const bare = floor?.() ?? (await measureBare(pair, next)).perSecond
    await load({ ...shape, warmUp: 1, seconds: 0 })
    const before = processorMs(pair.server)
    const result = await load({ ...shape, warmUp: 0, seconds: SECONDS })
    slices.push({
      ...result,
      bare,
      ofBare: result.perSecond / bare,
      processorUs: ((processorMs(pair.server) - before) * 1000) / result.requests,
      rssMb: residentMb(pair.server),
    })
  }
  const names = ['perSecond', 'bare', 'ofBare', 'p50Ms', 'p99Ms', 'requests', 'processorUs', 'rssMb'] as const
  const medians = Object.fromEntries(names.map((each) => [each, median(slices.map((slice) => slice[each]))]))
  return { name, ...(medians as unknown as Omit<Row, 'name'>) }
}

type Environment = Readonly<Record<string, string>>

const serve = (data: string) =>
  start([BIN, 'serve', '--json', '--port', '0', '--data', data], {}, flags.cores)

/** From the start of a process to its first answer, several times. */
async function measureStart(data: string, verify: Buffer): Promise<number> {
  const times: number[] = []
  for (let count = 0; count < 5; count++) {
    const began = performance.now()
    const server = await serve(data)
    const port = Number(new URL(String(server.ready.url)).port)
    await load({ port, connections: 1, seconds: 0, warmUp: 0, next: () => verify, expect: 200 })
    times.push(performance.now() - began)
    await server.stop()
  }
  return median(times)
}

async function measureAll(pair: Pair, env: Environment, verify: readonly Buffer[]) {
  const worker = env.CLERK_MACHINE_SECRET_KEY!
  const hot = verify.slice(0, HOT)
  const opaque = requestBytes('/m2m_tokens', worker, {})
  const jwt = requestBytes('/m2m_tokens', worker, { token_format: 'jwt' })
  const works: readonly Work[] = [
    { name: `verify opaque, any of ${HOT} tokens`, next: () => pick(hot), expect: 200 },
    {
      name: `verify opaque, any of ${verify.length} of ${TOKENS} tokens`,
      next: () => pick(verify),
      expect: 200,
    },
    { name: 'issue opaque, durable', next: () => opaque, expect: 201 },
    { name: 'issue JWT, durable, beside RS256', next: () => jwt, expect: 201, floor: measureSigning },
  ]
  const rows: Row[] = []
  for (const work of works.filter(({ name }) => name.includes(flags.work))) {
    say(`Measuring: ${work.name} …`)
    rows.push(await measure(pair, work))
  }
  return rows
}

/** RS256-2048 signatures in a second on the server's core, with nothing around them. */
function measureSigning(): number {
  const script = `
    const { generateKeyPairSync, sign } = require('node:crypto')
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const input = Buffer.alloc(400, 'x')
    for (let i = 0; i < 2000; i++) sign('sha256', input, privateKey)
    const end = performance.now() + ${SECONDS * 1000}
    let count = 0
    const start = performance.now()
    while (performance.now() < end) { sign('sha256', input, privateKey); count++ }
    console.log(count / (performance.now() - start) * 1000)`
  return Number(
    spawnSync('taskset', ['-c', String(SERVER_CORE), process.execPath, '-e', script]).stdout.toString(),
  )
}

async function makeData(): Promise<{ data: string; env: Environment; secrets: string[] }> {
  const data = flags.data ?? mkdtempSync(join(tmpdir(), 'mintmark-bench-'))
  const server = await start([BIN, 'dev', '--json', '--port', '0', '--data', data])
  const { env } = server.ready as { env: Record<string, string> }
  await server.stop()
  say(`Making ${TOKENS} live tokens …`)
  const began = performance.now()
  const secrets = await withAuthority(configOf({ data }), (authority) =>
    prefill(authority, env.MINTMARK_WORKER_MACHINE_ID as MachineId, TOKENS, SAMPLE),
  )
  say(`… made in ${Math.round((performance.now() - began) / 1000)} s.`)
  return { data, env, secrets }
}

async function main(): Promise<void> {
  pinThisProcess()
  const { data, env, secrets } = await makeData()
  const api = env.MINTMARK_API_MACHINE_SECRET_KEY!
  const verify = secrets.map((token) => requestBytes('/m2m_tokens/verify', api, { token }))
  try {
    const firstVerifyMs = await measureStart(data, verify[0]!)
    const pair: Pair = { bare: await start([BARE]), server: await serve(data) }
    try {
      report(await measureAll(pair, env, verify), firstVerifyMs)
    } finally {
      await pair.server.stop()
      await pair.bare.stop()
    }
  } finally {
    if (flags.data === undefined) rmSync(data, { recursive: true, force: true })
  }
}

function report(rows: readonly Row[], firstVerifyMs: number): void {
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}`
  console.log(
    `\n${machine}; SQLite, synchronous=full; ${CONNECTIONS} connections; medians of ${SLICES} slices of ${SECONDS} s; server on core ${flags.cores}, floor on ${SERVER_CORE}, load on ${LOAD_CORE}`,
  )
  console.table(
    Object.fromEntries(
      rows.map(({ name, perSecond, bare, ofBare, p50Ms, p99Ms, rssMb, processorUs }) => [
        name,
        {
          'per second': Math.round(perSecond),
          'the floor': Math.round(bare),
          'of it': ofBare.toFixed(2),
          'CPU µs each': processorUs.toFixed(1),
          'p50 ms': p50Ms.toFixed(2),
          'p99 ms': p99Ms.toFixed(2),
          'RSS MB': rssMb,
        },
      ]),
    ),
  )
  console.log(`start of the process to the first verified token: ${Math.round(firstVerifyMs)} ms`)
  const settings = { machine, tokens: TOKENS, connections: CONNECTIONS, slices: SLICES, seconds: SECONDS }
  console.log(JSON.stringify({ ...settings, rows, firstVerifyMs }))
}

await main()
