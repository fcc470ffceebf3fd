/**
 * Many ask for the same session at once, on two nodes of one PostgreSQL. The short form has 40 tickets; the long form,
 * which a release is measured by, has 500: `TEST_RACE_TICKETS=500 npm test -- tests/browser/redemption-race.test.ts`.
 */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServe } from '../cli/serve-process.ts'
import { findFreePort } from '../support/free-port.ts'
import { freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { removeFolder, runCli, type ServerProcess } from '../support/server-process.ts'
import { actorTicket, createUser, type Ticket } from './clerk-page.ts'
import { apiOf, type Answer, type Api } from './world.ts'

const TICKETS = Number(process.env.TEST_RACE_TICKETS ?? 40)
const REDEEMERS = 64

/** Of both nodes, as behind a load balancer; what comes from there need not be listed. */
const ORIGIN = 'https://clerk.example.test'

let database: TestDatabase
let nodes: readonly ServerProcess[]
let frontends: readonly string[]
let api: Api

beforeAll(async () => {
  database = await freshDatabase()
  const environment = {
    MINTMARK_DATABASE_URL: database.url,
    MINTMARK_MASTER_KEY: randomBytes(32).toString('hex'),
    MINTMARK_LOG_LEVEL: 'error',
    MINTMARK_PUBLIC_URL: 'https://api.example.test',
  }
  const asked = ['--name', 'first', '--environment', 'test', '--frontend-origin', ORIGIN]
  const startNode = async (port: number) =>
    startServe({ environment, flags: ['--frontend-port', String(port), '--sign-in-limit', '0'] })
  const ports = await Promise.all([findFreePort(), findFreePort()])
  const first = await startNode(ports[0])
  const { code, stdout, stderr } = await runCli(['instances', 'create', '--json', ...asked], environment)
  if (code !== 0) throw new Error(stderr)
  const { secretKey } = JSON.parse(stdout) as { secretKey: string }
  nodes = [first, await startNode(ports[1])]
  frontends = ports.map((port) => `http://127.0.0.1:${port}`)
  api = apiOf(first.url, secretKey)
  await Promise.all(frontends.map(untilAnswers))
})

afterAll(async () => {
  for (const node of nodes) {
    await node.stop()
    removeFolder(node.data)
  }
  await database.drop()
})

/** A node that runs already sees the new instance within a second. */
async function untilAnswers(frontend: string): Promise<void> {
  for (;;) {
    const { status } = await fetch(`${frontend}/v1/client`, { headers: { origin: ORIGIN } })
    if (status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** It only ends what hangs. */
const LONGEST_MS = 60_000

/** A node that has had no time for it says 503, which is no answer: it is asked again, as people would. */
async function untilAnswered(ask: () => Promise<Answer>): Promise<Answer> {
  const deadline = Date.now() + LONGEST_MS
  for (;;) {
    const answer = await ask()
    if (answer.status !== 503 || Date.now() > deadline) return answer
  }
}

const redeem = (frontend: string, ticket: string): Promise<Answer> =>
  untilAnswered(async () => {
    const response = await fetch(`${frontend}/v1/client/sign_ins`, {
      method: 'POST',
      headers: { origin: ORIGIN },
      body: new URLSearchParams({ strategy: 'ticket', ticket }),
    })
    return { status: response.status, body: await response.json() }
  })

/** All at once, each second one on the other node. */
const race = (ticket: string): Promise<Answer[]> =>
  Promise.all(Array.from({ length: REDEEMERS }, (_, place) => redeem(frontends[place % 2]!, ticket)))

/** What became of each, and how often. */
function countOf(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status, body } of answers) {
    const outcome = `${status} ${body.errors?.[0].code ?? body.response.status}`
    counts[outcome] = (counts[outcome] ?? 0) + 1
  }
  return counts
}

const timeout = 30 * 60_000

describe('an actor ticket that many redeem at once on two nodes', () => {
  it(`has one winner, and all others are told that it is used`, { timeout }, async () => {
    const userId = await createUser(api)
    const total: Record<string, number> = {}
    for (let round = 0; round < TICKETS; round++) {
      const { id, token }: Ticket = await actorTicket(api, userId)
      const answers = await race(token)
      const counts = countOf(answers)
      expect(counts).toEqual({ '200 complete': 1, '400 actor_token_already_used_code': REDEEMERS - 1 })
      for (const [outcome, count] of Object.entries(counts)) total[outcome] = (total[outcome] ?? 0) + count
      const winner = answers.find(({ status }) => status === 200)!
      const { body } = await api('GET', `/v1/actor_tokens/${id}`)
      expect([body.status, body.session.id]).toEqual(['accepted', winner.body.response.created_session_id])
    }
    expect(total).toEqual({
      '200 complete': TICKETS,
      '400 actor_token_already_used_code': TICKETS * (REDEEMERS - 1),
    })
    const { body } = await api('GET', `/v1/sessions?user_id=${userId}&limit=1&paginated=true`)
    expect(body.total_count).toBe(TICKETS)
  })

  it('is either redeemed or ended, and never both, when that comes meanwhile', { timeout }, async () => {
    const userId = await createUser(api)
    for (let round = 0; round < TICKETS / 4; round++) {
      const { id, token } = await actorTicket(api, userId)
      const end = () => untilAnswered(() => api('POST', `/v1/actor_tokens/${id}/end`, { reason: 'a race' }))
      // Sent before the others, it mostly comes first; sent after them, in their midst.
      const early = round % 2 === 0 ? end() : null
      const racing = race(token)
      const [answers] = await Promise.all([racing, early ?? end()])
      const { body } = await api('GET', `/v1/actor_tokens/${id}`)
      const isRedeemed = answers.some(({ status }) => status === 200)
      const refusal = isRedeemed ? 'actor_token_already_used_code' : 'actor_token_revoked_code'
      expect(countOf(answers)).toEqual({
        ...(isRedeemed && { '200 complete': 1 }),
        [`400 ${refusal}`]: REDEEMERS - Number(isRedeemed),
      })
      expect([body.status, body.session?.status ?? null]).toEqual(
        isRedeemed ? ['accepted', 'revoked'] : ['revoked', null],
      )
    }
  })
})
