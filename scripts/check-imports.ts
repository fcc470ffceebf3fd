/**
 * Guards: the arrows of ARCHITECTURE.md. Each area of a package imports only what its line below allows,
 * other packages included, and nothing imports itself by a detour.
 */
import { posix } from 'node:path'
import { createFindings } from './findings.ts'
import { findFiles, isTest, lineAt, readText } from './tree.ts'

interface Arrows {
  /** Folders or files of `src/` that may be imported. */
  readonly values?: readonly string[]
  /** As above, but nothing of them may be there at run time. */
  readonly types?: readonly string[]
  /** Packages and modules of Node. */
  readonly packages?: readonly string[]
}

/** A folder may import itself. `x/*` stands for each folder in `x`, which are apart from each other. */
type Areas = Readonly<Record<string, Arrows>>

const SERVER: Areas = {
  'version.ts': {},
  'node-http.ts': {},
  // Vocabulary and pure rules: no files, no network, no clock but the port.
  core: { packages: ['node:crypto', 'node:zlib', 'zod'] },
  audit: { values: ['core'] },
  revocation: { values: ['core'] },
  signing: { values: ['core', 'audit'], packages: ['node:crypto', 'node:os', 'node:util', 'zod'] },
  'directory/*': {
    values: ['core', 'audit', 'signing', 'directory'],
    packages: ['node:crypto', 'zod'],
  },
  // A kind knows ports, not SQL and not HTTP, and no other kind.
  'tokens/*': {
    values: ['core', 'audit', 'signing', 'directory'],
    packages: ['node:crypto', 'node:timers'],
  },
  // What browsers ask: it brings the kinds of ticket and the sessions together.
  frontend: { values: ['core', 'directory', 'signing', 'tokens'] },
  storage: {
    // It implements the ports of the others, and runs nothing of theirs; a noun's list of values is its schema.
    values: ['core', 'directory/users/user.ts', 'revocation'],
    types: ['audit', 'signing', 'directory', 'tokens'],
    packages: [
      'kysely',
      'node:async_hooks',
      'node:crypto',
      'node:fs',
      'node:path',
      'node:sqlite',
      'node:stream',
      'node:timers',
      'node:zlib',
      'pg',
    ],
  },
  'authority.ts': {
    values: ['core', 'signing', 'directory', 'tokens', 'frontend'],
    types: ['storage/storage.ts'],
  },
  http: {
    values: ['core', 'signing', 'directory', 'frontend/wire.ts', 'node-http.ts', 'version.ts'],
    types: ['authority.ts', 'frontend', 'revocation', 'storage/storage.ts', 'tokens'],
    packages: ['hono', 'node:crypto', 'node:http', 'node:https', 'node:net', 'node:tls', 'node:zlib', 'zod'],
  },
  // The only places that compose.
  server: {
    values: ['core', 'audit', 'signing', 'storage', 'authority.ts', 'http', 'node-http.ts', 'version.ts'],
    types: ['directory', 'tokens'],
    packages: [
      '@peculiar/x509',
      'node:cluster',
      'node:crypto',
      'node:fs',
      'node:http',
      'node:net',
      'node:path',
      'node:sqlite',
      'node:timers',
      'pino',
      'prom-client',
      'reflect-metadata',
      'zod',
    ],
  },
  cli: {
    values: ['core', 'directory', 'signing', 'storage', 'server', 'node-http.ts', 'version.ts'],
    types: ['audit', 'authority.ts'],
    packages: [
      '@mintmark/sdk',
      'commander',
      // Opens a link for the person who runs the command.
      'node:child_process',
      'node:cluster',
      'node:events',
      'node:fs',
      'node:http',
      'node:os',
      'node:path',
      'node:readline',
      'node:stream',
      'node:timers',
      'node:util',
      'pino',
      'zod',
    ],
  },
}

/** No package and nothing of Node: it runs where there is neither. And no area drags another into a bundle. */
const SDK: Areas = {
  'models.ts': { types: ['requests.ts', 'resources.ts'] },
  'requests.ts': {},
  'resources.ts': {},
  core: {},
  'core.ts': { values: ['core'] },
  'errors.ts': { values: ['core'] },
  funcs: { values: ['core'], types: ['core.ts', 'models.ts'] },
  'unwrap.ts': { types: ['core', 'core.ts'] },
  'client.ts': { values: ['core', 'core.ts', 'funcs', 'unwrap.ts'] },
  verify: { values: ['core'], types: ['models.ts'] },
  'verify.ts': { values: ['verify'] },
  authenticate: {
    values: ['core', 'core.ts', 'funcs', 'verify', 'verify.ts'],
    types: ['models.ts'],
  },
  adapters: { values: ['authenticate', 'core', 'core.ts'], types: ['verify.ts'] },
  testing: { values: ['authenticate', 'core', 'core.ts', 'funcs'], types: ['models.ts'] },
  'index.ts': {
    values: ['authenticate', 'client.ts', 'core', 'core.ts', 'errors.ts'],
    types: ['funcs', 'models.ts'],
  },
}

const TREES: Readonly<Record<string, Areas>> = {
  'packages/server/src/': SERVER,
  'packages/sdk/src/': SDK,
}

interface Import {
  readonly from: string
  readonly line: number
  readonly target: string
  readonly typeOnly: boolean
}

// The formatter begins every such statement at the beginning of a line.
const STATEMENT =
  /^(?:import|export)\b(?<names>[^'"`;]*?)\bfrom '(?<target>[^']+)'|^import '(?<bare>[^']+)'/gm
const EXPRESSION = /\bimport\((?:'(?<target>[^']+)')?/g

const findings = createFindings()
const counts = Object.entries(TREES).map(([src, areas]) => checkTree(src, areas))
findings.end(counts.join(' and '))

function checkTree(src: string, areas: Areas): string {
  const files = findFiles(`${src}**/*.ts`).filter((path) => !isTest(path))
  const imports = files.flatMap((path) => readImports(src, path.slice(src.length)))
  const within = imports
    .filter(({ target }) => target.startsWith('.'))
    .map((each) => ({ ...each, target: posix.join(posix.dirname(each.from), each.target) }))
  for (const each of imports) {
    if (!each.target.startsWith('.')) checkPackage(src, areas, each)
  }
  for (const each of within) checkArrow(src, areas, each)
  checkCycles(src, 'files', within)
  checkCycles(
    src,
    'areas',
    within.map(({ from, target }) => ({ from: areaOf(areas, from), target: areaOf(areas, target) })),
  )
  return `${imports.length} imports of ${files.length} files in ${src}`
}

function readImports(src: string, from: string): readonly Import[] {
  const text = readText(src + from)
  const found = [...text.matchAll(STATEMENT), ...text.matchAll(EXPRESSION)].map(({ groups, index }) => ({
    from,
    line: lineAt(text, index),
    target: groups?.target ?? groups?.bare ?? '',
    typeOnly: isTypeOnly(groups?.names),
  }))
  for (const { line, target } of found) {
    if (target === '')
      findings.fail(`${src}${from}:${line}`, 'imports something whose name is not written here')
  }
  return found.filter(({ target }) => target !== '')
}

/** `type { A }` and `{ type A, type B }` leave nothing behind at run time; `import()` is taken for a value. */
function isTypeOnly(names: string | undefined): boolean {
  if (names === undefined) return false
  if (/^ type\b/.test(names)) return true
  const listed = /^ \{(?<list>[^}]*)\} $/.exec(names)?.groups?.list
  return (
    listed
      ?.split(',')
      .map((name) => name.trim())
      .filter(Boolean)
      .every((name) => name.startsWith('type ')) ?? false
  )
}

/** `tokens/m2m-tokens` for what is in there, `storage` for what is anywhere in it, a file for itself. */
function areaOf(areas: Areas, path: string): string {
  const [first = '', second = ''] = path.split('/')
  return `${first}/*` in areas ? `${first}/${second}` : first
}

function arrowsOf(src: string, areas: Areas, { from, line }: Import): Arrows {
  const area = areaOf(areas, from)
  const arrows = areas[area] ?? areas[`${area.split('/')[0]}/*`]
  if (arrows === undefined) findings.fail(`${src}${from}:${line}`, `is in no area that check-imports knows`)
  return arrows ?? {}
}

function checkArrow(src: string, areas: Areas, each: Import): void {
  const { from, line, target, typeOnly } = each
  if (areaOf(areas, from) === areaOf(areas, target)) return
  const { values = [], types = [] } = arrowsOf(src, areas, each)
  const isIn = (allowed: string) => target === allowed || target.startsWith(`${allowed}/`)
  if (values.some(isIn) || (typeOnly && types.some(isIn))) return
  const what = types.some(isIn) ? 'may import only types of' : 'may not import'
  findings.fail(`${src}${from}:${line}`, `${areaOf(areas, from)} ${what} ${target}`)
}

function checkPackage(src: string, areas: Areas, each: Import): void {
  const { from, line, target } = each
  const { packages = [] } = arrowsOf(src, areas, each)
  // The shapes of the wire, and with them their library, stay in the file of that name.
  if (areas === SERVER && target === 'zod' && /(?:^|\/)(?:wire|[\w-]+-resource)\.ts$/.test(from)) return
  if (packages.some((allowed) => target === allowed || target.startsWith(`${allowed}/`))) return
  findings.fail(`${src}${from}:${line}`, `${areaOf(areas, from)} may not import ${target}`)
}

/** Types count too: two files that need each other's types are one file, or lack a third. */
function checkCycles(src: string, what: string, edges: readonly Pick<Import, 'from' | 'target'>[]): void {
  const next = new Map<string, Set<string>>()
  for (const { from, target } of edges) {
    if (from !== target) next.set(from, (next.get(from) ?? new Set()).add(target))
  }
  const done = new Set<string>()
  const findCycle = (node: string, path: readonly string[]): readonly string[] | null => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node]
    if (done.has(node)) return null
    done.add(node)
    for (const target of next.get(node) ?? []) {
      const cycle = findCycle(target, [...path, node])
      if (cycle !== null) return cycle
    }
    return null
  }
  for (const node of next.keys()) {
    const cycle = findCycle(node, [])
    // One is enough to begin with: an import too many makes hundreds.
    if (cycle !== null)
      return findings.fail(src + cycle[0]!, `${what} import each other: ${cycle.join(' → ')}`)
  }
}
