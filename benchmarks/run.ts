/**
 * `npm run bench`: what one core does, beside the floor of that same core in the same run. Prints a table
 * and, last, the same as one line of JSON. The load comes from the other core.
 *
 *   --tokens N    live tokens in the database (default 1000000)
 *   --seconds N   how long each measurement takes (default 8)
 *   --rounds N    how often everything is measured; medians are printed (default 3)
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { withAuthority } from '../packages/server/src/cli/open-folder.ts'
import { configOf } from '../packages/server/src/cli/options.ts'
import type { MachineId } from '../packages/server/src/core/ids.ts'
import { load, requestBytes, type LoadResult } from './load.ts'
import { prefill } from './prefill.ts'
import {
  BARE,
  BIN,
  pinThisProcess,
  processorMs,
  residentMb,
  SERVER_CORE,
  start,
  type Measured,
} from './processes.ts'

const { values: flags } = parseArgs({
  options: {
    tokens: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
    data: { type: 'string' },
  },
})
const TOKENS = Number(flags.tokens)
const SECONDS = Number(flags.seconds)
const ROUNDS = Number(flags.rounds)
const CONNECTIONS = 64
/** Different tokens that are verified. Far more than the server keeps in memory, at a million tokens. */
const SAMPLE = Math.min(TOKENS, 400_000)
/** A working set that fits into the server's memory. */
const HOT = 10_000

interface Row extends LoadResult {
  readonly name: string
  readonly rssMb: number
  /** Processor time of the server for one request. */
  readonly processorUs: number
}

const say = (text: string) => process.stderr.write(`${text}\n`)
const median = (numbers: readonly number[]) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!
const pick = <T>(list: readonly T[]) => list[Math.floor(Math.random() * list.length)]!

async function measureBare(): Promise<Row> {
  const server = await start([BARE])
  try {
    const request = requestBytes('/m2m_tokens/verify', 'ak_'.padEnd(54, '0'), {
      token: 'mt_'.padEnd(54, '0'),
    })
    return await measure(
      server,
      'bare node:http, a constant answer',
      Number(server.ready.port),
      () => request,
      200,
    )
  } finally {
    await server.stop()
  }
}

async function measure(
  server: Measured,
  name: string,
  port: number,
  next: () => Buffer,
  expect: number,
): Promise<Row> {
  const shape = { port, next, expect, connections: CONNECTIONS }
  await load({ ...shape, warmUp: 2, seconds: 0 })
  const before = processorMs(server)
  const result = await load({ ...shape, warmUp: 0, seconds: SECONDS })
  const processorUs = ((processorMs(server) - before) * 1000) / result.requests
  return { name, ...result, rssMb: residentMb(server), processorUs }
}

type Environment = Readonly<Record<string, string>>

async function measureServer(
  data: string,
  env: Environment,
  secrets: readonly string[],
): Promise<{ rows: Row[]; firstVerifyMs: number }> {
  const began = performance.now()
  const server = await start([BIN, 'serve', '--json', '--port', '0', '--data', data])
  const port = Number(new URL(String(server.ready.url)).port)
  const api = env.MINTMARK_API_MACHINE_SECRET_KEY!
  const worker = env.CLERK_MACHINE_SECRET_KEY!
  const verify = secrets.map((token) => requestBytes('/m2m_tokens/verify', api, { token }))
  try {
    await load({ port, connections: 1, seconds: 0, warmUp: 0, next: () => pick(verify), expect: 200 })
    const firstVerifyMs = performance.now() - began
    const hot = verify.slice(0, HOT)
    const rows: Row[] = []
    const add = async (name: string, next: () => Buffer, expect: number) => {
      rows.push(await measure(server, name, port, next, expect))
    }
    await add(`verify opaque, any of ${TOKENS} tokens`, () => pick(verify), 200)
    await add(`verify opaque, any of ${HOT} tokens`, () => pick(hot), 200)
    const opaque = requestBytes('/m2m_tokens', worker, {})
    await add('issue opaque, durable', () => opaque, 201)
    const jwt = requestBytes('/m2m_tokens', worker, { token_format: 'jwt' })
    await add('issue JWT, durable', () => jwt, 201)
    return { rows, firstVerifyMs }
  } finally {
    await server.stop()
  }
}

/** RS256-2048 signatures in a second on the server's core, with nothing around them. */
function measureSigning(): number {
  const script = `
    const { generateKeyPairSync, sign } = require('node:crypto')
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const input = Buffer.alloc(400, 'x')
    for (let i = 0; i < 2000; i++) sign('sha256', input, privateKey)
    const end = performance.now() + ${SECONDS * 500}
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

function report(
  rounds: readonly { bare: Row; rows: readonly Row[]; firstVerifyMs: number; signing: number }[],
) {
  const all = rounds.map(({ bare, rows }) => [bare, ...rows])
  const table = all[0]!.map((row, index) => {
    const same = all.map((each) => each[index]!)
    const of = (name: keyof LoadResult | 'rssMb' | 'processorUs') => median(same.map((each) => each[name]))
    return {
      work: row.name,
      perSecond: Math.round(of('perSecond')),
      ofBare: median(all.map((each) => each[index]!.perSecond / each[0]!.perSecond)),
      p50Ms: of('p50Ms'),
      p99Ms: of('p99Ms'),
      rssMb: of('rssMb'),
      processorUs: of('processorUs'),
    }
  })
  const signing = median(rounds.map((round) => round.signing))
  const jwtOfSigning = median(rounds.map(({ rows, signing: bare }) => rows.at(-1)!.perSecond / bare))
  const firstVerifyMs = median(rounds.map((round) => round.firstVerifyMs))
  return { table, signing, jwtOfSigning, firstVerifyMs }
}

async function main(): Promise<void> {
  pinThisProcess()
  const { data, env, secrets } = await makeData()
  const rounds: Parameters<typeof report>[0][number][] = []
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      say(`Round ${round} of ${ROUNDS} …`)
      const bare = await measureBare()
      const { rows, firstVerifyMs } = await measureServer(data, env, secrets)
      rounds.push({ bare, rows, firstVerifyMs, signing: measureSigning() })
    }
  } finally {
    if (flags.data === undefined) rmSync(data, { recursive: true, force: true })
  }
  const { table, signing, jwtOfSigning, firstVerifyMs } = report(rounds)
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}`
  console.log(
    `\n${machine}; SQLite, synchronous=full; ${CONNECTIONS} connections; median of ${ROUNDS} rounds of ${SECONDS} s; server on one core, load on another`,
  )
  console.table(
    Object.fromEntries(
      table.map(({ work, perSecond, ofBare, p50Ms, p99Ms, rssMb, processorUs }) => [
        work,
        {
          'per second': perSecond,
          'of bare': ofBare.toFixed(2),
          'CPU µs each': processorUs.toFixed(1),
          'p50 ms': p50Ms.toFixed(2),
          'p99 ms': p99Ms.toFixed(2),
          'RSS MB': rssMb,
        },
      ]),
    ),
  )
  console.log(
    `bare RS256-2048 signing: ${Math.round(signing)} per second; issue JWT is ${jwtOfSigning.toFixed(2)} of it`,
  )
  console.log(`start of the process to the first verified token: ${Math.round(firstVerifyMs)} ms`)
  console.log(
    JSON.stringify({
      machine,
      tokens: TOKENS,
      connections: CONNECTIONS,
      rounds: ROUNDS,
      seconds: SECONDS,
      table,
      signing,
      jwtOfSigning,
      firstVerifyMs,
    }),
  )
}

await main()
