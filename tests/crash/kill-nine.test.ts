/**
 * Kills a server without notice while it issues and revokes, again and again on the same folder, and holds
 * it to everything it had acknowledged. `TEST_KILLS=1000` makes the long form of it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  BIN,
  cleanEnvironment,
  removeFolder,
  startDev,
  temporaryFolder,
  type ServerProcess,
} from '../support/server-process.ts'
import {
  compareRecords,
  compareVerdicts,
  createLedger,
  issue,
  revoke,
  type Ledger,
  type LedgerEntry,
} from './ledger.ts'
import { createM2mClient, type M2mClient } from './m2m-client.ts'
import { readTokenRecords } from './token-records.ts'

const KILLS = Number(process.env.TEST_KILLS ?? 50)
const CLIENTS = 16
/** Each kill takes a second at most on a slow machine; this only ends what hangs. */
const LONGEST_MS = 120_000 + KILLS * 10_000

const data = temporaryFolder()
const ledger: Ledger = createLedger()
const wrongAfterRestart: string[] = []
let killed = 0
let server: ServerProcess
let client: M2mClient

beforeAll(async () => {
  for (let round = 0; round < KILLS; round++) {
    if (round > 0 && round % 5 === 0) await killWhileItStarts()
    server = await startDev({ data })
    client = createM2mClient(server)
    wrongAfterRestart.push(...(await checkSample()))
    await killUnderLoad()
  }
  server = await startDev({ data })
  client = createM2mClient(server)
}, LONGEST_MS)

afterAll(async () => {
  await server.stop()
  removeFolder(data)
})

describe(`a server that is killed ${KILLS} times while it issues and revokes`, () => {
  it('is killed with operations under way, and refuses none before', () => {
    const revocations = ledger.entries.filter(({ revocation }) => revocation === 'asked').length
    expect(killed).toBe(KILLS)
    expect(ledger.unansweredIssues).toBeGreaterThan(KILLS)
    expect(revocations).toBeGreaterThan(KILLS)
    expect(ledger.entries.filter(({ revocation }) => revocation === 'acknowledged').length).toBeGreaterThan(
      KILLS,
    )
    expect(ledger.refusals).toEqual([])
  })

  it('has lost nothing at any of its restarts', () => {
    expect(wrongAfterRestart).toEqual([])
  })

  it('keeps each operation and its audit event wholly or not at all, and no other', () => {
    expect(compareRecords(ledger, data)).toEqual([])
  })

  it('verifies every token it acknowledged and refuses every one whose revocation it acknowledged', async () => {
    expect(await compareVerdicts(ledger.entries, client, isRevoked())).toEqual([])
  })

  it('leaves a sound database when it stops in the end', async () => {
    expect(await server.stop()).toBe(0)
    expect(compareRecords(ledger, data)).toEqual([])
  })
})

/** Some requests are always under way when it is killed; when exactly is left to chance. */
async function killUnderLoad(): Promise<void> {
  const before = ledger.entries.length
  const clients = Array.from({ length: CLIENTS }, work)
  while (ledger.entries.length === before && ledger.refusals.length === 0) await sleep(1)
  await sleep(20 + Math.random() * 100)
  if (server.child.exitCode === null && server.child.kill('SIGKILL')) killed++
  await Promise.all([server.stop(), ...clients])
}

/** Asks for one thing after the other until there is no answer. */
async function work(): Promise<void> {
  for (;;) {
    const chance = Math.random()
    const entry = chance < 0.5 ? anyUnrevoked() : undefined
    const answered =
      entry === undefined
        ? await issue(ledger, client, chance < 0.9 ? 'opaque' : 'jwt')
        : await revoke(ledger, client, entry)
    if (!answered) return
  }
}

function anyUnrevoked(): LedgerEntry | undefined {
  const entry = ledger.entries[Math.floor(Math.random() * ledger.entries.length)]
  return entry?.revocation === 'not asked' ? entry : undefined
}

/** It may be in the middle of anything, recovery from the kill before included. */
async function killWhileItStarts(): Promise<void> {
  const child = spawn(process.execPath, [BIN, 'dev', '--port', '0', '--data', data], {
    env: cleanEnvironment(),
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  await sleep(50 + Math.random() * 300)
  child.kill('SIGKILL')
  await ended
}

/** The newest tokens, which the last kill may have hit, and some of all the others. */
async function checkSample(): Promise<string[]> {
  const some = Array.from(
    { length: 30 },
    () => ledger.entries[Math.floor(Math.random() * ledger.entries.length)],
  ).filter((entry) => entry !== undefined)
  return [
    ...compareRecords(ledger, data),
    ...(await compareVerdicts([...ledger.entries.slice(-30), ...some], client, isRevoked())),
  ]
}

/** What the ledger says decides; where it cannot know, the database does, which `compareRecords` judges. */
function isRevoked(): (id: string) => boolean {
  const { tokens } = readTokenRecords(data)
  const acknowledged = new Map(ledger.entries.map(({ id, revocation }) => [id, revocation]))
  return (id) =>
    acknowledged.get(id) === 'asked'
      ? tokens.get(id)?.revoked === true
      : acknowledged.get(id) === 'acknowledged'
}
