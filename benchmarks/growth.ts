/**
 * `npm run bench -- growth`: the same work at more and more stored tokens, on both databases, and with more and more
 * nodes on one PostgreSQL. The server and PostgreSQL have one core each, the load shares that of PostgreSQL; all
 * nodes share one core, so more of them can show what they cost each other, not what they gain.
 *
 *   --sizes LIST    stored tokens (default 10000,1000000,10000000)
 *   --nodes LIST    nodes on one database (default 1,2,4)
 *   --store NAME    only sqlite or postgres
 *   --seconds N     how long one slice takes (default 5)
 *   --slices N      how many slices each has; medians are printed (default 3)
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { withAuthority } from '../packages/server/src/cli/open-folder.ts'
import { readConfig } from '../packages/server/src/server/config.ts'
import { load, median, pick, type LoadResult } from './load.ts'
import { bytesOf, type Contender } from './peers/contender.ts'
import { CONNECTIONS } from './peers/measure.ts'
import { createSettings, startOurs, type Environment } from './peers/ours.ts'
import { startPostgres } from './peers/postgres.ts'
import { prefill } from './prefill.ts'
import { BIN, pinThisProcess, processorMs, start, type Measured } from './processes.ts'

const { values: flags } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10000,1000000,10000000' },
    nodes: { type: 'string', default: '1,2,4' },
    store: { type: 'string', default: '' },
    seconds: { type: 'string', default: '5' },
    slices: { type: 'string', default: '3' },
  },
})
const list = (text: string) => text.split(',').filter(Boolean).map(Number)
const SECONDS = Number(flags.seconds)
const SLICES = Number(flags.slices)
/** Different tokens that are verified: more than a server keeps in memory, where there are as many. */
const SAMPLE = 400_000

const say = (text: string) => process.stderr.write(`${text}\n`)

interface Row {
  readonly what: string
  readonly verify: Figures
  readonly issue: Figures
}

interface Figures {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Processor time of the servers for one request, without that of a database beside them. */
  readonly processorUs: number
}

/** Has that many tokens stored, and gives some of them. */
function fill(environment: Environment, count: number): Promise<string[]> {
  const config = readConfig({ flags: {}, environment, file: null })
  return withAuthority(config, async (authority) => {
    const { read } = authority.storage
    const [instance] = await read.instances.list()
    const query = { search: 'worker', orderBy: 'name', descending: false, limit: 1, offset: 0 } as const
    const { machines } = await read.machines.list(instance!.id, query)
    return prefill(authority, machines[0]!.id, count, Math.min(count, SAMPLE))
  })
}

/** @param servers on which the connections are spread, the first of which is the contender's own */
async function measure(
  { verify, issue, issueStatus, settleMs }: Contender,
  servers: readonly Measured[],
  tokens: readonly string[],
): Promise<Omit<Row, 'what'>> {
  const ports = servers.map(({ ready }) => Number(new URL(String(ready.url)).port))
  const run = async (next: () => Buffer, expect: number): Promise<Figures> => {
    const all = (seconds: number, warmUp: number) =>
      Promise.all(
        ports.map((port) =>
          load({ port, connections: CONNECTIONS / ports.length, seconds, warmUp, next, expect }),
        ),
      )
    await all(0, 5)
    const slices: Figures[] = []
    for (let slice = 0; slice < SLICES; slice++) {
      const before = servers.map(processorMs)
      const results = await all(SECONDS, 0)
      const used = servers.reduce((sum, server, index) => sum + processorMs(server) - before[index]!, 0)
      slices.push(together(results, used))
      await sleep(settleMs)
    }
    const of = (key: keyof Figures) => median(slices.map((each) => each[key]))
    return {
      perSecond: of('perSecond'),
      p50Ms: of('p50Ms'),
      p99Ms: of('p99Ms'),
      processorUs: of('processorUs'),
    }
  }
  const issueBytes = bytesOf(issue)
  return {
    verify: await run(() => bytesOf(verify(pick(tokens))), 200),
    issue: await run(() => issueBytes, issueStatus),
  }
}

const together = (results: readonly LoadResult[], usedMs: number): Figures => ({
  perSecond: results.reduce((sum, { perSecond }) => sum + perSecond, 0),
  p50Ms: median(results.map(({ p50Ms }) => p50Ms)),
  p99Ms: Math.max(...results.map(({ p99Ms }) => p99Ms)),
  processorUs: (usedMs * 1000) / results.reduce((sum, { requests }) => sum + requests, 0),
})

async function measureSizes(store: string, contender: Contender, environment: Environment): Promise<Row[]> {
  const rows: Row[] = []
  let stored = 0
  for (const size of list(flags.sizes)) {
    const began = performance.now()
    const tokens = await fill(environment, size - stored)
    stored = size
    say(`${store}: ${size} tokens (${Math.round((performance.now() - began) / 1000)} s)`)
    rows.push({
      what: `${store}, ${size.toLocaleString('en')} tokens`,
      ...(await measure(contender, [contender.server], tokens)),
    })
  }
  return rows
}

async function measureNodes(contender: Contender, environment: Environment): Promise<Row[]> {
  const rows: Row[] = []
  const others: Measured[] = []
  const { MINTMARK_DATA: _folder, ...settings } = environment
  const tokens = await fill(environment, 10_000)
  try {
    for (const count of list(flags.nodes)) {
      while (others.length < count - 1) others.push(await start([BIN, 'serve', '--json'], settings))
      say(`PostgreSQL: ${count} node(s)`)
      const servers = [contender.server, ...others].slice(0, count)
      rows.push({ what: `PostgreSQL, ${count} node(s)`, ...(await measure(contender, servers, tokens)) })
    }
    return rows
  } finally {
    for (const other of others) await other.stop()
  }
}

async function onSqlite(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mintmark-growth-'))
  const environment = createSettings(folder)
  const contender = await startOurs('SQLite', 'synchronous=full', environment)
  try {
    return await measureSizes('SQLite', contender, environment)
  } finally {
    await contender.stop()
    rmSync(folder, { recursive: true })
  }
}

async function onPostgres(): Promise<Row[]> {
  const database = await startPostgres()
  if (typeof database === 'string') throw new Error(database)
  const folder = mkdtempSync(join(tmpdir(), 'mintmark-growth-'))
  try {
    const environment = { ...createSettings(folder), MINTMARK_DATABASE_URL: database.url }
    const contender = await startOurs('PostgreSQL', 'fsync=on', environment)
    try {
      const nodes = await measureNodes(contender, environment)
      return [...(await measureSizes('PostgreSQL', contender, environment)), ...nodes]
    } finally {
      await contender.stop()
    }
  } finally {
    await database.stop()
    rmSync(folder, { recursive: true })
  }
}

function print(rows: readonly Row[]): void {
  const cell = ({ perSecond, p50Ms, p99Ms, processorUs }: Figures) =>
    `${Math.round(perSecond).toLocaleString('en')} | ${p50Ms.toFixed(1)} / ${p99Ms.toFixed(1)} ms | ${Math.round(processorUs)} µs`
  const head = ['', 'verify/s', 'p50 / p99', 'processor', 'issue/s', 'p50 / p99', 'processor']
  console.log(`| ${head.join(' | ')} |\n|${' --- |'.repeat(head.length)}`)
  for (const { what, verify, issue } of rows) console.log(`| ${what} | ${cell(verify)} | ${cell(issue)} |`)
  console.log(`\n${JSON.stringify(rows)}`)
}

pinThisProcess()
print([
  ...(flags.store === 'postgres' ? [] : await onSqlite()),
  ...(flags.store === 'sqlite' ? [] : await onPostgres()),
])
