/**
 * `npm run torture`: three servers on one database, many clients, and whatever can go wrong, for as long as one
 * likes. It prints what it found; the exit code is 1 if that is anything that must not be.
 *
 * `--seconds 600`, `--store sqlite`, `--faults kill,cut`, `--seed 7`, `--kills 1000`, `--no-latency`
 */
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createChance, type Chance } from './chance.ts'
import { FAULTS } from './faults.ts'
import { runKills } from './kills.ts'
import { CUTS, measureLatency, measureStaleness } from './latency.ts'
import { describeKills, describeMeasured, describeStaleness, describeStorm, type Finding } from './report.ts'
import { runStorm } from './storm.ts'
import { canStepClocks, createWorld, type World, type WorldOptions } from './world.ts'

const LEASE_MS = 1_000
const SAMPLES = 200
const STALENESS_SAMPLES = 3
/** So many kills of the server for each of its database. */
const DATABASE_EVERY = 10

interface Asked {
  readonly seconds: number
  readonly store: 'sqlite' | 'postgres'
  readonly faults: readonly string[]
  readonly seed: number
  readonly kills: number
  /** Whether it is measured how soon nodes know of a revocation. */
  readonly latency: boolean
}

const asked = readFlags()
console.log(`seed ${asked.seed}`)
const findings: Finding[] = []
for (const part of [storm, latency, kills]) await part(createChance(asked.seed))
process.exitCode = findings.some(({ good }) => !good) ? 1 : 0

async function storm(chance: Chance): Promise<void> {
  if (asked.seconds === 0) return
  const faults = FAULTS.filter(({ name }) => asked.faults.includes(name))
  // Looking at the clock costs more where it can be stepped.
  const clocks = canStepClocks() && faults.some(({ lane }) => lane === 'clock')
  await inWorld({ clocks, proxied: asked.store === 'postgres' }, async (world) => {
    tell(describeStorm(await runStorm(world, faults, { seconds: asked.seconds, chance }), asked.seconds))
  })
}

async function latency(chance: Chance): Promise<void> {
  if (!asked.latency || asked.seconds === 0 || asked.store === 'sqlite') return
  for (const listen of [true, false]) {
    const name = listen ? 'told by NOTIFY' : 'polling only'
    await inWorld({ listen }, async (world) => {
      tell(describeMeasured(`${name}, all well`, await measureLatency(world, SAMPLES, chance)))
    })
    await inWorld({ listen, proxied: true }, async (world) => {
      const measured = await measureStaleness(world, STALENESS_SAMPLES)
      for (const cut of CUTS) tell(describeStaleness(`${name}, ${cut}`, measured[cut], LEASE_MS))
    })
  }
}

async function kills(chance: Chance): Promise<void> {
  if (asked.kills === 0) return
  if (asked.store === 'sqlite') return killOnSqlite()
  await inWorld({}, async (world) => {
    const report = await runKills(world, { kills: asked.kills, chance, databaseEvery: DATABASE_EVERY })
    tell(describeKills('PostgreSQL', report))
  })
}

/** The tests do that already. */
function killOnSqlite(): void {
  const test = fileURLToPath(new URL('../crash/kill-nine.test.ts', import.meta.url))
  const { status } = spawnSync('npx', ['vitest', 'run', test], {
    stdio: 'inherit',
    env: { ...process.env, TEST_KILLS: String(asked.kills) },
  })
  tell({
    good: status === 0,
    text: `${asked.kills} kills on SQLite: ${status === 0 ? 'nothing lost' : 'see above'}`,
  })
}

async function inWorld(options: Partial<WorldOptions>, work: (world: World) => Promise<void>): Promise<void> {
  const usual = { store: asked.store, leaseMs: LEASE_MS, listen: true, proxied: false, clocks: false }
  const world = await createWorld({ ...usual, ...options })
  try {
    await work(world)
  } finally {
    await world.close()
  }
}

function tell(finding: Finding): void {
  findings.push(finding)
  const elapsed = Math.round(performance.now() / 1000)
  console.log(`${finding.good ? 'good' : 'BAD '}  ${finding.text}\n      after ${elapsed} s in all`)
}

function readFlags(): Asked {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string' },
      store: { type: 'string', default: 'postgres' },
      faults: { type: 'string', default: FAULTS.map(({ name }) => name).join() },
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
      kills: { type: 'string', default: '0' },
      latency: { type: 'boolean', default: true },
    },
    allowNegative: true,
  })
  const { store, kills: count } = values
  if (store !== 'sqlite' && store !== 'postgres') throw new Error('--store is sqlite or postgres.')
  const faults = values.faults.split(',')
  const unknown = faults.filter((name) => name !== '' && !FAULTS.some((fault) => fault.name === name))
  if (unknown.length > 0) throw new Error(`There is no fault ${unknown.join()}.`)
  // Who asks for kills alone wants no storm.
  const seconds = Number(values.seconds ?? (count === '0' ? 60 : 0))
  return { seconds, store, faults, seed: Number(values.seed), kills: Number(count), latency: values.latency }
}
