/**
 * Guards: the arrows of ARCHITECTURE.md. Each area of the server imports only what its line below allows,
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
const ARROWS: Readonly<Record<string, Arrows>> = {
  'version.ts': {},
  // Vocabulary and pure rules: no files, no network, no clock but the port.
  core: { packages: ['node:crypto', 'node:zlib', 'zod'] },
  audit: { values: ['core'] },
  signing: { values: ['core', 'audit'], packages: ['node:crypto', 'node:util', 'zod'] },
  'directory/*': { values: ['core', 'audit', 'signing', 'directory'] },
  // A kind knows ports, not SQL and not HTTP, and no other kind.
  'tokens/*': { values: ['core', 'audit', 'signing', 'directory'], packages: ['node:crypto'] },
  storage: {
    // It implements the ports of the others, and runs nothing of theirs; a noun's list of values is its schema.
    values: ['core', 'directory/users/user.ts'],
    types: ['audit', 'signing', 'directory', 'tokens'],
    packages: ['kysely', 'node:crypto', 'node:path', 'node:sqlite'],
  },
  'authority.ts': {
    values: ['core', 'signing', 'directory', 'tokens'],
    types: ['storage/storage.ts'],
  },
  http: {
    values: ['core', 'signing', 'directory', 'version.ts'],
    types: ['authority.ts', 'tokens'],
    packages: ['hono', 'node:crypto', 'node:http', 'node:net', 'zod'],
  },
  // The only places that compose.
  server: {
    values: ['core', 'audit', 'signing', 'storage', 'authority.ts', 'http', 'version.ts'],
    types: ['directory', 'tokens'],
    packages: [
      'node:fs',
      'node:http',
      'node:net',
      'node:path',
      'node:sqlite',
      'node:timers',
      'pino',
      'prom-client',
      'zod',
    ],
  },
  cli: {
    values: ['core', 'directory', 'signing', 'storage', 'server', 'version.ts'],
    types: ['audit', 'authority.ts'],
    packages: ['commander', 'node:fs', 'node:os', 'node:path', 'node:timers', 'pino'],
  },
}

interface Import {
  readonly from: string
  readonly line: number
  readonly target: string
  readonly typeOnly: boolean
}

const SRC = 'packages/server/src/'
// The formatter begins every such statement at the beginning of a line.
const STATEMENT =
  /^(?:import|export)\b(?<names>[^'"`;]*?)\bfrom '(?<target>[^']+)'|^import '(?<bare>[^']+)'/gm
const EXPRESSION = /\bimport\((?:'(?<target>[^']+)')?/g

const findings = createFindings()
const files = findFiles(`${SRC}**/*.ts`).filter((path) => !isTest(path))
const imports = files.flatMap((path) => readImports(path.slice(SRC.length)))
const within = imports
  .filter(({ target }) => target.startsWith('.'))
  .map((each) => ({ ...each, target: posix.join(posix.dirname(each.from), each.target) }))

for (const each of imports) {
  if (!each.target.startsWith('.')) checkPackage(each)
}
for (const each of within) checkArrow(each)
checkCycles('files', within)
checkCycles(
  'areas',
  within.map(({ from, target, ...rest }) => ({ ...rest, from: areaOf(from), target: areaOf(target) })),
)
findings.end(`${imports.length} imports of ${files.length} files`)

function readImports(from: string): readonly Import[] {
  const text = readText(SRC + from)
  const found = [...text.matchAll(STATEMENT), ...text.matchAll(EXPRESSION)].map(({ groups, index }) => ({
    from,
    line: lineAt(text, index),
    target: groups?.target ?? groups?.bare ?? '',
    typeOnly: isTypeOnly(groups?.names),
  }))
  for (const { line, target } of found) {
    if (target === '')
      findings.fail(`${SRC}${from}:${line}`, 'imports something whose name is not written here')
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
function areaOf(path: string): string {
  const [first = '', second = ''] = path.split('/')
  return `${first}/*` in ARROWS ? `${first}/${second}` : first
}

function arrowsOf({ from, line }: Import): Arrows {
  const area = areaOf(from)
  const arrows = ARROWS[area] ?? ARROWS[`${area.split('/')[0]}/*`]
  if (arrows === undefined) findings.fail(`${SRC}${from}:${line}`, `is in no area that check-imports knows`)
  return arrows ?? {}
}

function checkArrow(each: Import): void {
  const { from, line, target, typeOnly } = each
  if (areaOf(from) === areaOf(target)) return
  const { values = [], types = [] } = arrowsOf(each)
  const isIn = (allowed: string) => target === allowed || target.startsWith(`${allowed}/`)
  if (values.some(isIn) || (typeOnly && types.some(isIn))) return
  const what = types.some(isIn) ? 'may import only types of' : 'may not import'
  findings.fail(`${SRC}${from}:${line}`, `${areaOf(from)} ${what} ${target}`)
}

function checkPackage(each: Import): void {
  const { from, line, target } = each
  const { packages = [] } = arrowsOf(each)
  // The shapes of the wire, and with them their library, stay in the file of that name.
  if (target === 'zod' && /(?:^|\/)(?:wire|[\w-]+-resource)\.ts$/.test(from)) return
  if (packages.some((allowed) => target === allowed || target.startsWith(`${allowed}/`))) return
  findings.fail(`${SRC}${from}:${line}`, `${areaOf(from)} may not import ${target}`)
}

/** Types count too: two files that need each other's types are one file, or lack a third. */
function checkCycles(what: string, edges: readonly Pick<Import, 'from' | 'target'>[]): void {
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
      return findings.fail(SRC + cycle[0]!, `${what} import each other: ${cycle.join(' → ')}`)
  }
}
