/** What goes wrong, each thing by its name, and is right again when its function is fulfilled. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isCommit, type ChaosProxy } from './chaos-proxy.ts'
import type { Chance } from './chance.ts'
import { canStepClocks, type World, type WorldNode } from './world.ts'

export interface Fault {
  readonly name: string
  /** Of each lane there is one fault at a time; those of different lanes go on together. */
  readonly lane: 'node' | 'network' | 'database' | 'clock'
  readonly possible: (world: World) => boolean
  readonly run: (world: World, chance: Chance) => Promise<unknown>
}

const HOUR_MS = 3_600_000
/** It only ends what hangs. */
const LONGEST_RESTART_MS = 120_000

export const FAULTS: readonly Fault[] = [
  { name: 'kill', lane: 'node', possible: () => true, run: killNode },
  { name: 'pause', lane: 'node', possible: () => true, run: pauseNode },
  { name: 'cut', lane: 'network', possible: isProxied, run: onLinks((link) => link.cut()) },
  { name: 'freeze', lane: 'network', possible: isProxied, run: onLinks((link) => link.freeze()) },
  {
    name: 'downstream',
    lane: 'network',
    possible: isProxied,
    run: onLinks((link) => link.freezeDownstream()),
  },
  { name: 'notify', lane: 'network', possible: (world) => isProxied(world) && world.listen, run: dropNotify },
  { name: 'commit', lane: 'network', possible: isProxied, run: resetOnCommit },
  { name: 'restart', lane: 'database', possible: hasCluster, run: restartDatabase },
  { name: 'failover', lane: 'database', possible: isProxied, run: failOver },
  { name: 'skew', lane: 'clock', possible: canStep, run: skewClock },
  { name: 'jump', lane: 'clock', possible: canStep, run: jumpClock },
]

function isProxied({ nodes }: World): boolean {
  return nodes.every(({ dataLinks }) => dataLinks.length > 0)
}

function hasCluster({ cluster }: World): boolean {
  return cluster !== null
}

function canStep({ clocks }: World): boolean {
  return clocks && canStepClocks()
}

/** Between one that is shorter than the lease and one that is longer than any time-out. */
const aWhile = ({ leaseMs }: World, chance: Chance): number =>
  chance.next() < 0.2 ? chance.between(50, leaseMs) : chance.between(leaseMs + 200, leaseMs + 5_000)

async function killNode({ nodes }: World, chance: Chance): Promise<void> {
  const node = chance.of(nodes)
  await node.kill9()
  await sleep(chance.between(0, 500))
  await startAgain(node)
}

/** The database may not be there just then: whoever runs servers starts them again and again. */
export async function startAgain(node: WorldNode): Promise<void> {
  const deadline = Date.now() + LONGEST_RESTART_MS
  for (;;) {
    try {
      return await node.start()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(100)
    }
  }
}

async function pauseNode(world: World, chance: Chance): Promise<void> {
  const node = chance.of(world.nodes)
  node.pause()
  await sleep(aWhile(world, chance))
  node.resume()
}

function onLinks(break_: (link: ChaosProxy) => void) {
  return async (world: World, chance: Chance): Promise<void> => {
    const { dataLinks, listenLinks } = chance.of(world.nodes)
    const links = [...dataLinks, ...listenLinks]
    for (const link of links) break_(link)
    await sleep(aWhile(world, chance))
    for (const link of links) link.pass()
  }
}

async function dropNotify(world: World, chance: Chance): Promise<void> {
  const { listenLinks } = chance.of(world.nodes.filter((node) => node.listenLinks.length > 0))
  for (const link of listenLinks) link.freeze()
  await sleep(aWhile(world, chance))
  for (const link of listenLinks) link.pass()
}

async function resetOnCommit({ nodes }: World, chance: Chance): Promise<void> {
  const { dataLinks } = chance.of(nodes)
  await Promise.race([sleep(500), ...dataLinks.map((link) => link.resetOn(isCommit))])
}

async function restartDatabase({ cluster }: World, chance: Chance): Promise<void> {
  await cluster!.primary.restart()
  await sleep(chance.between(1_000, 3_000))
}

/** Nobody tells the nodes. The new standby stands where the former primary stood. */
async function failOver({ cluster, nodes, places }: World, chance: Chance): Promise<void> {
  const { primary } = cluster!
  const place = places.indexOf(primary.port)
  await primary.kill9()
  await sleep(chance.between(0, 1_000))
  await cluster!.promote()
  await sleep(chance.between(1_000, 4_000))
  await cluster!.addStandby()
  places[place] = cluster!.standby!.port
  for (const { dataLinks, listenLinks } of nodes) {
    dataLinks[place]!.aim(places[place])
    listenLinks[place]?.aim(places[place])
  }
  await sleep(chance.between(500, 2_000))
}

/** By less than nodes may be apart: nobody may notice. */
async function skewClock(world: World, chance: Chance): Promise<void> {
  const node = chance.of(world.nodes)
  node.clock = 'skewed'
  await stepFor(node, (chance.next() < 0.5 ? -1 : 1) * chance.between(100, 450), chance)
  node.clock = 'right'
}

async function jumpClock(world: World, chance: Chance): Promise<void> {
  const node = chance.of(world.nodes)
  node.clock = 'strayed'
  await stepFor(node, (chance.next() < 0.5 ? -1 : 1) * HOUR_MS, chance)
  node.clock = 'right'
}

/** As long as it takes until the step was seen, and calls that were under way have ended. */
const SEEN_AFTER_MS = 3_000

async function stepFor(node: WorldNode, offset: number, chance: Chance): Promise<void> {
  await sleep(SEEN_AFTER_MS)
  node.stepClock(offset)
  await sleep(SEEN_AFTER_MS + chance.between(0, 3_000))
  node.stepClock(0)
  await sleep(SEEN_AFTER_MS)
}
