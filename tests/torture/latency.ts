/** How soon nodes refuse what was revoked by way of another: while all is well, and while one is cut off. */
import type { Chance } from './chance.ts'
import { checkHistory, type HistoryEvent, type Violation } from './history.ts'
import { probeRevocation } from './probes.ts'
import { measureRevocations, type RevocationLatency } from './revocation-latency.ts'
import type { World, WorldNode } from './world.ts'

export interface Measured {
  readonly latency: RevocationLatency
  readonly violations: readonly Violation[]
}

/** @param samples how many tokens are issued and revoked, one after the other */
export async function measureLatency(world: World, samples: number, chance: Chance): Promise<Measured> {
  const events: HistoryEvent[] = []
  for (let sample = 0; sample < samples; sample++) {
    events.push(...(await probeRevocation(world, chance.of(world.nodes))))
  }
  return judge(world, events)
}

export const CUTS = ['cut', 'freeze', 'downstream', 'pause'] as const

/** By what was wrong with the node that could not know: how long it still accepted, and for how long it was so. */
export async function measureStaleness(
  world: World,
  samples: number,
): Promise<Record<(typeof CUTS)[number], Measured>> {
  const [revoker, cutOff] = world.nodes as [WorldNode, WorldNode]
  const results = {} as Record<(typeof CUTS)[number], Measured>
  for (const cut of CUTS) {
    const events: HistoryEvent[] = []
    for (let sample = 0; sample < samples; sample++) {
      events.push(...(await probeRevocation(world, revoker, { meanwhile: () => breakNode(cutOff, cut) })))
    }
    results[cut] = judge(world, events)
  }
  return results
}

function breakNode(node: WorldNode, cut: (typeof CUTS)[number]): () => void {
  if (cut === 'pause') {
    node.pause()
    return () => node.resume()
  }
  const links = [...node.dataLinks, ...node.listenLinks]
  for (const link of links) {
    if (cut === 'cut') link.cut()
    else if (cut === 'freeze') link.freeze()
    else link.freezeDownstream()
  }
  return () => links.forEach((link) => link.pass())
}

const judge = ({ leaseMs }: World, events: readonly HistoryEvent[]): Measured => ({
  latency: measureRevocations(events),
  violations: checkHistory(events, { boundMs: leaseMs }),
})
