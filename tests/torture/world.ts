/** What is tortured: nodes, the database that they share, and what stands between. */
import { randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { removeFolder, temporaryFolder } from '../support/server-process.ts'
import { startChaosProxy, type ChaosProxy } from './chaos-proxy.ts'
import { createGroups, type Group } from './groups.ts'
import { removeNodes, startNodes, type ServerNode } from './node-process.ts'
import { startPostgresCluster, type PostgresCluster } from './postgres-cluster.ts'

export interface WorldOptions {
  readonly store: 'sqlite' | 'postgres'
  readonly leaseMs: number
  /** Whether nodes are told of revocations by NOTIFY. */
  readonly listen: boolean
  /** Whether something stands between nodes and database that may fail. */
  readonly proxied: boolean
  /** Whether clocks of nodes can be stepped, which needs libfaketime and costs a little at each look at the clock. */
  readonly clocks: boolean
}

export interface WorldNode extends ServerNode {
  /** To the first and to the second server of the database; none if nothing stands between. */
  readonly dataLinks: readonly ChaosProxy[]
  /** The same for its LISTEN connection, if it has a way of its own. */
  readonly listenLinks: readonly ChaosProxy[]
  /** Milliseconds by which its clock is wrong from now on; it steps. */
  stepClock(offset: number): void
  /** `strayed` is further off than nodes may be: then no balancer would send it what depends on it. */
  clock: 'right' | 'skewed' | 'strayed'
}

export interface World extends WorldOptions {
  readonly nodes: readonly WorldNode[]
  readonly groups: readonly Group[]
  readonly cluster: PostgresCluster | null
  /** The ports to which the first and the second link of each node lead. */
  readonly places: number[]
  close(): Promise<void>
}

const NODES = 3

/** Of Debian's package `faketime`; without it clocks cannot be changed. */
const FAKE_TIME = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketime.so.1`
export const canStepClocks = (): boolean => existsSync(FAKE_TIME)

type Links = Pick<WorldNode, 'dataLinks' | 'listenLinks'>

export async function createWorld(options: WorldOptions): Promise<World> {
  const folder = temporaryFolder()
  const cluster = options.store === 'postgres' ? await startPostgresCluster() : null
  const links: Links[] = []
  let processes: ServerNode[] = []
  const close = async () => {
    await removeNodes(processes)
    const proxies = links.flatMap(({ dataLinks, listenLinks }) => [...dataLinks, ...listenLinks])
    await Promise.all(proxies.map((proxy) => proxy.close()))
    await cluster?.close()
    removeFolder(folder)
  }
  try {
    const count = cluster === null ? 1 : NODES
    for (let place = 0; place < count; place++) links.push(await openLinks(cluster, options, place))
    const secret = { MINTMARK_MASTER_KEY: randomBytes(32).toString('hex') }
    processes = await startNodes(count, (place) => ({
      ...secret,
      ...(options.clocks && clockOf(folder, place)),
      ...(cluster !== null && databaseOf(cluster, links[place]!)),
      MINTMARK_LOG_LEVEL: 'error',
      MINTMARK_ACCEPT_UNKNOWN_USERS: 'true',
      MINTMARK_DATABASE_LISTEN: String(options.listen),
      MINTMARK_REVOCATION_LEASE: String(options.leaseMs),
    }))
    const groups = await createGroups(processes[0]!.url, {
      ...secret,
      ...(cluster === null
        ? { MINTMARK_DATA: processes[0]!.data }
        : { MINTMARK_DATABASE_URL: cluster.primary.url }),
    })
    const nodes = processes.map((node, place) => toWorldNode(node, links[place]!, folder, place))
    const places = cluster === null ? [] : [cluster.primary.port, cluster.standby!.port]
    return { ...options, nodes, groups, cluster, places, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The last two nodes have a way of their own for LISTEN, as beside a pooler. */
async function openLinks(
  cluster: PostgresCluster | null,
  options: WorldOptions,
  place: number,
): Promise<Links> {
  if (cluster === null || !options.proxied) return { dataLinks: [], listenLinks: [] }
  const toBoth = () =>
    Promise.all([cluster.primary, cluster.standby!].map(({ port }) => startChaosProxy(port)))
  return { dataLinks: await toBoth(), listenLinks: place > 0 && options.listen ? await toBoth() : [] }
}

function databaseOf(
  { primary, standby }: PostgresCluster,
  { dataLinks, listenLinks }: Links,
): Record<string, string> {
  const through = (ports: readonly number[]) =>
    primary.url.replace(/@[^/]*/, `@${ports.map((port) => `127.0.0.1:${port}`).join(',')}`)
  const own = [primary.port, standby!.port]
  return {
    MINTMARK_DATABASE_URL: through(dataLinks.length === 0 ? own : dataLinks.map(({ port }) => port)),
    ...(listenLinks.length > 0 && {
      MINTMARK_DATABASE_DIRECT_URL: through(listenLinks.map(({ port }) => port)),
    }),
  }
}

const clockFile = (folder: string, place: number): string => join(folder, `clock${place}`)

/** The monotonic clock stays as it is: what is tried is the one on the wall, which may step. */
function clockOf(folder: string, place: number): Record<string, string> {
  writeFileSync(clockFile(folder, place), '+0')
  return {
    LD_PRELOAD: FAKE_TIME,
    FAKETIME_TIMESTAMP_FILE: clockFile(folder, place),
    // Seconds after which a step is seen.
    FAKETIME_CACHE_DURATION: '1',
    NO_FAKE_STAT: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  }
}

const toWorldNode = (node: ServerNode, links: Links, folder: string, place: number): WorldNode => ({
  ...node,
  ...links,
  clock: 'right',
  stepClock: (offset) => writeFileSync(clockFile(folder, place), `${offset < 0 ? '' : '+'}${offset / 1000}`),
})
