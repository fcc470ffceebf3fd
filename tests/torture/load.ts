/** Clients that issue, verify and revoke by way of any node, and write down what they saw. */
import { setTimeout as sleep } from 'node:timers/promises'
import { LAST_TRIES, post, type Reply } from './call.ts'
import type { Chance } from './chance.ts'
import type { Group } from './groups.ts'
import type { HistoryEvent } from './history.ts'
import type { World, WorldNode } from './world.ts'

export interface KnownToken {
  readonly id: string
  readonly token: string
  readonly group: Group
  readonly format: 'opaque' | 'jwt'
  /** By a client of ours; it may not have been told so. */
  revoked: boolean
}

export interface Load {
  readonly events: readonly HistoryEvent[]
  /** Every token of which somebody was told. */
  readonly tokens: readonly KnownToken[]
  /** Answers that no node may give, whatever goes wrong. */
  readonly surprises: readonly string[]
  /** @returns when every client has ended what it does */
  stop(): Promise<void>
  /** Asks one node for each token, again and again until it answers: what it says in the end is in the history. */
  verifyAll(node: WorldNode): Promise<void>
}

type Done = Pick<HistoryEvent, 'kind' | 'tokenId' | 'outcome'>

const CLIENTS = 12
const BETWEEN_BULKS_MS = 700
const LONGEST_TRIES = 12

export function startLoad(world: World, chance: Chance): Load {
  const events: HistoryEvent[] = []
  const tokens: KnownToken[] = []
  const surprises: string[] = []
  let ended = false
  let keys = 0

  function record(
    client: string,
    node: WorldNode,
    group: Group,
    start: number,
    done: Done,
    key?: string,
  ): void {
    events.push({
      client,
      node: node.name,
      group: group.name,
      ...done,
      ...(key !== undefined && { idempotencyKey: key }),
      start,
      end: performance.now(),
    })
  }

  /** @param good the status of success @param refusal that of a refusal which is no fault of the client's */
  function judge(what: string, reply: Reply | null, good: number, refusal?: number): HistoryEvent['outcome'] {
    if (reply === null) return 'unknown'
    if (reply.status === good) return 'ok'
    if (reply.status === refusal) return 'refused'
    if (![409, 429, 500, 503].includes(reply.status) || reply.status === 500) {
      surprises.push(`${what}: ${reply.status} ${JSON.stringify(reply.body)}`)
    }
    return 'unavailable'
  }

  function know(reply: Reply | null, group: Group, format: KnownToken['format']): string | null {
    if (reply?.status !== 201) return null
    const { id, token } = reply.body as { id: string; token: string }
    const known = tokens.findLast((each) => each.id === id)
    if (known === undefined) tokens.push({ id, token, group, format, revoked: false })
    else if (known.token !== token) surprises.push(`${id} was given out as two texts`)
    return id
  }

  const askForToken = (
    node: WorldNode,
    group: Group,
    format: KnownToken['format'],
    idempotencyKey?: string,
  ) =>
    post({
      url: node.url,
      path: '/v1/m2m_tokens',
      key: group.issuerKey,
      body: { token_format: format },
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    })

  async function issue(client: string, own: Chance): Promise<void> {
    const [node, group] = [steadyNode(own), own.of(world.groups)]
    const format = own.of(group.formats)
    const start = performance.now()
    const reply = await askForToken(node, group, format)
    const done: Done = {
      kind: 'issue',
      tokenId: know(reply, group, format),
      outcome: judge('issue', reply, 201),
    }
    record(client, node, group, start, done)
  }

  /** Sends the same again by way of other nodes, until there is an answer, and now and then once more. */
  async function issueWithKey(client: string, own: Chance): Promise<void> {
    const group = own.of(world.groups)
    const format = own.of(group.formats)
    const key = `${client} ${++keys}`
    const once = async () => {
      const [node, start] = [steadyNode(own), performance.now()]
      const reply = await askForToken(node, group, format, key)
      const outcome = judge('issue with a key', reply, 201)
      record(
        client,
        node,
        group,
        start,
        { kind: 'idempotent_issue', tokenId: know(reply, group, format), outcome },
        key,
      )
      return outcome === 'ok'
    }
    if (own.next() < 0.3) await Promise.all([once(), once()])
    for (let tries = 0; tries < LONGEST_TRIES && !ended; tries++) {
      if (await once()) break
      await sleep(own.between(20, 300))
    }
    if (own.next() < 0.3) await once()
  }

  async function verify(
    client: string,
    node: WorldNode,
    known: KnownToken,
  ): Promise<HistoryEvent['outcome']> {
    const { id, token, group } = known
    const start = performance.now()
    const reply = await post({
      url: node.url,
      path: '/v1/m2m_tokens/verify',
      key: group.verifierKey,
      body: { token },
    })
    const outcome = judge('verify', reply, 200, 404)
    record(client, node, group, start, { kind: 'verify', tokenId: id, outcome })
    return outcome
  }

  async function revoke(client: string, own: Chance, known: KnownToken): Promise<void> {
    if (known.revoked) return
    known.revoked = true
    const [node, start] = [own.of(world.nodes), performance.now()]
    const path = `/v1/m2m_tokens/${known.id}/revoke`
    const reply = await post({ url: node.url, path, key: known.group.issuerKey, body: {} })
    const done: Done = { kind: 'revoke', tokenId: known.id, outcome: judge(`revoke ${known.id}`, reply, 200) }
    record(client, node, known.group, start, done)
  }

  async function revokeInBulk(own: Chance): Promise<void> {
    while (!ended) {
      // Where clocks differ, an instant that a client names is not the same for all.
      const exact = world.nodes.every(({ clock }) => clock === 'right')
      const groups = world.groups.filter(({ bulk, name }) => bulk !== null && (exact || name !== 'instance'))
      const [node, group, start] = [steadyNode(own), own.of(groups), performance.now()]
      // What was issued in the millisecond before is meant, too.
      await sleep(2)
      const path = '/v1/m2m_tokens/revoke_all'
      const reply = await post({ url: node.url, path, key: group.secretKey, body: group.bulk!() })
      const done: Done = { kind: 'bulk_revoke', tokenId: null, outcome: judge('revoke_all', reply, 200) }
      record('bulk', node, group, start, done)
      await sleep(own.between(0, 2 * BETWEEN_BULKS_MS))
    }
  }

  /** What says when something is, or is decided by that, goes to nodes whose clock is right. */
  const steadyNode = (own: Chance): WorldNode => {
    const steady = world.nodes.filter(({ clock }) => clock !== 'strayed')
    return own.of(steady.length > 0 ? steady : world.nodes)
  }

  /** Mostly one of the newest. */
  const anyToken = (own: Chance): KnownToken | undefined => {
    const among = own.next() < 0.1 ? tokens.length : Math.min(tokens.length, 60)
    return tokens[tokens.length - 1 - Math.floor(own.next() ** 2 * among)]
  }

  async function work(client: string, own: Chance): Promise<void> {
    while (!ended) {
      const [chosen, known] = [own.next(), anyToken(own)]
      if (known === undefined || chosen < 0.1) await issue(client, own)
      else if (chosen < 0.16) await issueWithKey(client, own)
      else if (chosen < 0.26) await revoke(client, own, known)
      else await verify(client, known.format === 'jwt' ? steadyNode(own) : own.of(world.nodes), known)
    }
  }

  const working = [
    ...Array.from({ length: CLIENTS }, (_, number) => work(`client ${number}`, chance.fork())),
    revokeInBulk(chance.fork()),
  ]

  return {
    events,
    tokens,
    surprises,
    async stop() {
      ended = true
      await Promise.all(working)
    },
    async verifyAll(node) {
      const waiting = [...tokens]
      const verifyNext = async () => {
        for (let known = waiting.pop(); known !== undefined; known = waiting.pop()) {
          for (let tries = 1; ; tries++) {
            if (['ok', 'refused'].includes(await verify('last', node, known))) break
            if (tries === LAST_TRIES) {
              surprises.push(`${node.name} never answered whether ${known.id} is good`)
              break
            }
            await sleep(250)
          }
        }
      }
      await Promise.all(Array.from({ length: CLIENTS }, verifyNext))
    },
  }
}
