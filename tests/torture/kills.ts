/** Kills one server without notice, again and again while it issues and revokes, and holds it to what it acknowledged. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { compareVerdicts } from '../crash/ledger.ts'
import { createM2mClient, type M2mClient } from '../crash/m2m-client.ts'
import { removeFolder, temporaryFolder } from '../support/server-process.ts'
import type { Chance } from './chance.ts'
import { startAgain } from './faults.ts'
import type { Group } from './groups.ts'
import { checkLedger, openLedger, readLedger, type LedgerFile } from './ledger.ts'
import type { MachineKeys } from './machine-keys.ts'
import type { World } from './world.ts'

export interface KillsReport {
  readonly kills: number
  readonly acknowledged: { readonly issued: number; readonly revoked: number }
  /** Asked for and never answered: each may have been done or not. */
  readonly unanswered: number
  /** What was acknowledged and is not so, and what is in the database in halves. */
  readonly wrong: readonly string[]
}

export interface KillsOptions {
  readonly kills: number
  readonly chance: Chance
  /** At every so many-th time it is the database that is killed, and not the server. */
  readonly databaseEvery?: number
}

const CLIENTS = 16
/** After each kill so many of the newest tokens are looked at, and after the last one all of them. */
const LOOKED_AT = 60

export async function runKills(
  world: World,
  { kills, chance, databaseEvery }: KillsOptions,
): Promise<KillsReport> {
  const folder = temporaryFolder()
  const path = join(folder, 'ledger')
  const ledger = openLedger(path)
  const [node, group] = [world.nodes[0]!, world.groups[0]!]
  const keys = keysOf(group)
  const client = createM2mClient({ url: node.url, env: { ...keys } })
  const wrong: string[] = []
  let unanswered = 0
  try {
    for (let kill = 1; kill <= kills; kill++) {
      const before = readLedger(path).length
      const work = startWork(ledger, client, chance.fork())
      await work.untilIssued(2 * CLIENTS)
      await sleep(chance.between(5, 100))
      const database = databaseEvery !== undefined && kill % databaseEvery === 0
      await (database ? world.cluster!.primary.kill9() : node.kill9())
      unanswered += await work.stop()
      await (database ? world.cluster!.primary.start() : startAgain(node))
      await untilIssues(client, ledger)
      wrong.push(...(await checkNewest(path, client, readLedger(path).length - before)))
    }
    wrong.push(...(await checkLedger(path, node.url, keys)))
    if (world.cluster !== null) wrong.push(...(await findHalves(world.cluster.primary.url)))
    const entries = readLedger(path)
    const revoked = entries.filter(({ revocation }) => revocation === 'acknowledged').length
    return { kills, acknowledged: { issued: entries.length, revoked }, unanswered, wrong }
  } finally {
    ledger.close()
    removeFolder(folder)
  }
}

const keysOf = ({ issuerKey, verifierKey }: Group): MachineKeys => ({
  CLERK_MACHINE_SECRET_KEY: issuerKey,
  MINTMARK_API_MACHINE_SECRET_KEY: verifierKey,
})

interface Work {
  /** @returns when so many issues were acknowledged */
  untilIssued(count: number): Promise<void>
  /** @returns how many calls had no answer */
  stop(): Promise<number>
}

function startWork(ledger: LedgerFile, client: M2mClient, chance: Chance): Work {
  const ids: string[] = []
  let [unanswered, issued, ended] = [0, 0, false]
  const step = async (own: Chance): Promise<boolean> => {
    const id = own.next() < 0.4 ? ids.pop() : undefined
    if (id !== undefined) ledger.revoking(id)
    const answer = await (id === undefined
      ? client.issue(own.next() < 0.8 ? 'opaque' : 'jwt')
      : client.revoke(id))
    if (answer === null) unanswered++
    if (answer?.status === 200 && id !== undefined) ledger.revoked(id)
    if (answer?.status === 201) {
      issued++
      ids.push(answer.body.id)
      ledger.issued(answer.body.id, answer.body.token)
    }
    return answer !== null
  }
  const work = async (own: Chance) => {
    while (!ended && (await step(own)));
  }
  const working = Array.from({ length: CLIENTS }, () => work(chance.fork()))
  return {
    async untilIssued(count) {
      while (issued < count) await sleep(1)
    },
    async stop() {
      ended = true
      await Promise.all(working)
      return unanswered
    },
  }
}

async function untilIssues(client: M2mClient, ledger: LedgerFile): Promise<void> {
  for (;;) {
    const answer = await client.issue()
    if (answer?.status === 201) return ledger.issued(answer.body.id, answer.body.token)
    await sleep(20)
  }
}

/** One whose revocation was not answered may be either, and is looked at in the end. */
async function checkNewest(path: string, client: M2mClient, count: number): Promise<string[]> {
  const newest = readLedger(path)
    .slice(-Math.min(count, LOOKED_AT))
    .filter(({ revocation }) => revocation !== 'asked')
  const revoked = new Set(
    newest.filter(({ revocation }) => revocation === 'acknowledged').map(({ id }) => id),
  )
  return compareVerdicts(newest, client, (id) => revoked.has(id))
}

/** A token has one event of its issue, and of its revocation one if it is revoked and else none. */
const HALVES = `
  select coalesce(token.id, event.target_id) as id, event.action, count(event.number) as events
  from (select id, 'm2m_token.issue' as action from m2m_tokens
    union all select id, 'm2m_token.revoke' from m2m_tokens where revoked_at is not null) as token
  full join (select * from audit_events where action in ('m2m_token.issue', 'm2m_token.revoke')) as event
    on event.target_id = token.id and event.action = token.action
  group by token.id, token.action, event.target_id, event.action
  having count(event.number) <> 1 or token.id is null`

/** @returns ids of tokens whose record and whose audit events say different things */
async function findHalves(url: string): Promise<string[]> {
  const database = new Client({ connectionString: url })
  try {
    await database.connect()
    const { rows } = await database.query<{ id: string }>(HALVES)
    return rows.map(({ id }) => `token and audit events differ: ${id}`)
  } finally {
    await database.end()
  }
}
