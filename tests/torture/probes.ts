/** One token, looked at every few milliseconds by way of several nodes while it is revoked. */
import { setTimeout as sleep } from 'node:timers/promises'
import { post } from './call.ts'
import type { HistoryEvent } from './history.ts'
import type { World, WorldNode } from './world.ts'

const BETWEEN_LOOKS_MS = 2
/** It only ends what hangs. */
const LONGEST_MS = 30_000

/**
 * Issues, warms every memory, revokes by way of one node, and looks on until every node refuses.
 *
 * @param meanwhile what goes wrong just before the revocation. @returns what makes it right again
 * @returns what was seen
 */
export async function probeRevocation(
  { nodes, groups, leaseMs }: World,
  revoker: WorldNode,
  { atLeastMs = 0, meanwhile }: { atLeastMs?: number; meanwhile?: () => () => void } = {},
): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = []
  const [group] = groups as [World['groups'][number]]
  const call = (node: WorldNode, path: string, body: object, key = group.issuerKey) =>
    post({ url: node.url, path: `/v1/m2m_tokens${path}`, key, body, patience: LONGEST_MS })
  const note = (
    node: WorldNode,
    kind: HistoryEvent['kind'],
    start: number,
    outcome: HistoryEvent['outcome'],
  ) =>
    void events.push({
      client: 'probe',
      node: node.name,
      kind,
      tokenId: id,
      start,
      end: performance.now(),
      outcome,
    })

  const begun = performance.now()
  const issued = await call(revoker, '', {})
  if (issued?.status !== 201) throw new Error(`A token could not be issued: ${issued?.status}`)
  const { id, token } = issued.body as { id: string; token: string }
  note(revoker, 'issue', begun, 'ok')

  const verify = async (node: WorldNode) => {
    const start = performance.now()
    const reply = await call(node, '/verify', { token }, group.verifierKey)
    const outcome = reply?.status === 200 ? 'ok' : reply?.status === 404 ? 'refused' : 'unavailable'
    note(node, 'verify', start, outcome)
    return outcome
  }
  for (const node of nodes) await verify(node)
  let revokedAt = Infinity
  const look = async (node: WorldNode) => {
    const deadline = performance.now() + LONGEST_MS
    for (;;) {
      const outcome = await verify(node)
      const settled = outcome === 'refused' && performance.now() > revokedAt + atLeastMs
      if (settled || performance.now() > deadline) return
      await sleep(BETWEEN_LOOKS_MS)
    }
  }
  const looking = nodes.map(look)
  const heal = meanwhile?.()
  await sleep(2 * BETWEEN_LOOKS_MS)
  const start = performance.now()
  const reply = await call(revoker, `/${id}/revoke`, {})
  note(revoker, 'revoke', start, reply?.status === 200 ? 'ok' : 'unknown')
  revokedAt = performance.now()
  if (heal !== undefined) {
    await sleep(leaseMs + 500)
    heal()
  }
  await Promise.all(looking)
  return events
}
