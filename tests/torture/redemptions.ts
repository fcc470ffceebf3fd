/** Browsers that redeem one ticket at once, by way of any node, and what came of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { LAST_TRIES, post, postForm, type Reply } from './call.ts'
import type { Chance } from './chance.ts'
import type { World, WorldNode } from './world.ts'

export interface RedemptionReport {
  readonly tickets: number
  /** Tickets of which somebody was told that the session is his. */
  readonly won: number
  /** Answers that nobody may get, and sessions that are lost. */
  readonly wrong: readonly string[]
}

export interface Redemptions {
  stop(): Promise<void>
  /** Asks one node for every session that somebody was told of. */
  check(node: WorldNode): Promise<RedemptionReport>
}

interface Ticket {
  readonly id: string
  readonly replies: readonly (Reply | null)[]
}

const CLIENTS = 2
const AT_ONCE = 6
const LONGEST_TRIES = 12
const USER = `user_${'0'.repeat(27)}`

export function startRedemptions(world: World, chance: Chance): Redemptions {
  const { secretKey, frontendHost } = world.groups[0]!
  const tickets: Ticket[] = []
  let ended = false

  /** A ticket says when it ends, so none is shown to a node whose clock is far off. */
  const steadyNode = (own: Chance): WorldNode => {
    const steady = world.nodes.filter(({ clock }) => clock !== 'strayed')
    return own.of(steady.length > 0 ? steady : world.nodes)
  }

  async function redeemOne(own: Chance): Promise<void> {
    const asked = { path: '/v1/actor_tokens', key: secretKey, body: { user_id: USER, actor: { sub: 'op' } } }
    const issued = await post({ url: steadyNode(own).url, ...asked })
    if (issued?.status !== 200) return
    const { id, token } = issued.body as { id: string; token: string }
    const redeem = () =>
      postForm(`${steadyNode(own).frontendUrl}/v1/client/sign_ins`, frontendHost, {
        strategy: 'ticket',
        ticket: token,
      })
    const replies = await Promise.all(Array.from({ length: AT_ONCE }, redeem))
    // Who has no answer tries again, as people do.
    while (replies.every((reply) => !isFinal(reply)) && replies.length < LONGEST_TRIES && !ended) {
      await sleep(own.between(20, 300))
      replies.push(await redeem())
    }
    tickets.push({ id, replies })
  }

  async function work(own: Chance): Promise<void> {
    while (!ended) {
      await redeemOne(own)
      await sleep(own.between(0, 150))
    }
  }

  const working = Array.from({ length: CLIENTS }, () => work(chance.fork()))
  return {
    async stop() {
      ended = true
      await Promise.all(working)
    },
    async check(node) {
      const wrong = tickets.flatMap(judge)
      const sessions = tickets.flatMap(({ replies }) => replies.filter(isWin).map(sessionIn))
      for (const id of sessions) {
        const why = await missing(node, secretKey, id)
        if (why !== null) wrong.push(`${id}, of which a browser was told: ${why}`)
      }
      return {
        tickets: tickets.length,
        won: tickets.filter(({ replies }) => replies.some(isWin)).length,
        wrong,
      }
    },
  }
}

const isWin = (reply: Reply | null): boolean => reply?.status === 200
const isFinal = (reply: Reply | null): boolean =>
  reply !== null && (reply.status === 200 || reply.status === 400)
const sessionIn = (reply: Reply | null): string => reply!.body.response.created_session_id as string
const codeIn = ({ body }: Reply): string => body.errors?.[0]?.code as string

function judge({ id, replies }: Ticket): string[] {
  const wrong: string[] = []
  const winners = new Set(replies.filter(isWin).map(sessionIn))
  if (winners.size > 1) wrong.push(`${id} opened ${winners.size} sessions`)
  const answered = replies.filter((reply) => reply !== null)
  for (const reply of answered) {
    const isLoss = reply.status === 400 && codeIn(reply) === 'actor_token_already_used_code'
    if (!isWin(reply) && !isLoss && ![429, 503].includes(reply.status))
      wrong.push(`${id} was answered ${reply.status} ${JSON.stringify(reply.body)}`)
  }
  // Where everybody was told, and everybody that he has lost, nobody has won.
  const isKnown = replies.every((reply) => reply !== null && (isWin(reply) || reply.status === 400))
  if (isKnown && winners.size === 0) wrong.push(`${id} was used up, and nobody has its session`)
  return wrong
}

/** @returns `null` if the session is there */
async function missing(node: WorldNode, key: string, id: string): Promise<string | null> {
  for (let tries = 1; ; tries++) {
    const response = await fetch(`${node.url}/v1/sessions/${id}`, {
      headers: { authorization: `Bearer ${key}` },
    }).catch(() => null)
    await response?.arrayBuffer()
    if (response?.status === 200) return null
    if (response?.status === 404) return 'it is not there'
    if (tries === LAST_TRIES) return `${node.name} never answered whether it is there`
    await sleep(250)
  }
}
