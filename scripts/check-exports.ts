/**
 * Guards: what is published is what is meant to be. Each package holds its program and nothing else, can be
 * installed with what it declares, says its own version, and lets nobody import what was never promised.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { VERSION } from '../packages/server/src/version.ts'
import { createFindings } from './findings.ts'
import { findFiles, ROOT } from './tree.ts'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly files?: readonly string[]
  readonly bin?: Readonly<Record<string, string>>
  readonly main?: string
  readonly exports?: unknown
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
}

type Fail = (message: string) => void

const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare']
const PUBLISHED =
  /^(?:package\.json|README\.md|LICENSE|dist\/bundled-licenses\.txt|(?:bin|dist)\/[\w./-]+\.js|pages\/sign-in\.(?:html|css|js)|dist\/[\w./-]+\.d\.ts)$/
/** The names that each entry exports; check-sdk compares it. */
const PINNED = 'exports.json'
const BARE_IMPORT =
  /^\s*(?:import\s*|(?:import|export)\b[^'"`;]*?\bfrom\s*)["'](?<name>[^."'][^"']*)["'];?$|\b(?:import|require)\(["'](?<called>[^."'][^"']*)["']\)/gm
/** What is bundled brings its comments, and some show how it would be imported. These lines hold nothing that runs. */
const COMMENT_LINE = /^\s*(?:\* (?!.*\*\/)|\/\/).*$/gm

const findings = createFindings()
const manifests = findFiles('packages/*/package.json')
for (const path of manifests) check(dirname(path), readManifest(path))
findings.end(`${manifests.length} package${manifests.length === 1 ? '' : 's'}`)

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Manifest
}

function check(folder: string, manifest: Manifest): void {
  if (manifest.private === true) return
  const fail: Fail = (message) => findings.fail(`${folder}/package.json`, message)
  checkManifest(folder, manifest, fail)
  const missing = (manifest.files ?? []).filter((name) => !existsSync(join(ROOT, folder, name)))
  if (missing.length > 0) return fail(`publishes ${missing.join(', ')}, which is not there: npm run build`)
  for (const file of Object.values(manifest.bin ?? {})) checkProgram(folder, file, fail)
  checkPacked(folder, manifest, fail)
}

function checkManifest(folder: string, manifest: Manifest, fail: Fail): void {
  if (manifest.version !== VERSION) fail(`is ${manifest.version}, and version.ts says ${VERSION}`)
  // Node refuses `import 'mintmark'` where there is neither; with an entry, its names must be pinned.
  const pinned = existsSync(join(ROOT, folder, PINNED))
  if (manifest.main !== undefined || (manifest.exports !== undefined && !pinned))
    fail('has an entry that nothing pins')
  for (const name of INSTALL_SCRIPTS) if (manifest.scripts?.[name]) fail(`runs ${name} when it is installed`)
  for (const [name, version] of Object.entries(manifest.dependencies ?? {})) {
    if (!/^\d+\.\d+\.\d+$/.test(version)) fail(`depends on ${name} ${version}, which is not one version`)
  }
}

function checkProgram(folder: string, file: string, fail: Fail): void {
  const path = join(ROOT, folder, file)
  if (!existsSync(path)) return fail(`has a program ${file}, which is not there`)
  const printed = execFileSync(process.execPath, [path, '--version'], { encoding: 'utf8' }).trim()
  if (printed !== VERSION) fail(`has a program that says it is ${printed}`)
}

function checkPacked(folder: string, manifest: Manifest, fail: Fail): void {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: join(ROOT, folder),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as [{ files: { path: string }[] }]
  const paths = packed.files.map(({ path }) => path)
  for (const path of paths) if (!PUBLISHED.test(path)) fail(`would publish ${path}`)
  for (const name of ['README.md', 'LICENSE']) if (!paths.includes(name)) fail(`would publish no ${name}`)

  const imported = new Set(paths.filter(isProgram).flatMap((path) => importsOf(join(ROOT, folder, path))))
  const declared = new Set(Object.keys(manifest.dependencies ?? {}))
  for (const name of imported.difference(declared)) fail(`imports ${name} and does not depend on it`)
  for (const name of declared.difference(imported))
    fail(`depends on ${name}, which what is published never imports`)
}

/** What browsers run asks Node for nothing. */
function isProgram(path: string): boolean {
  return path.endsWith('.js') && !path.startsWith('pages/') && !path.startsWith('dist/clerk-js/')
}

/** The packages that a built file asks Node for. */
function importsOf(path: string): readonly string[] {
  const text = readFileSync(path, 'utf8').replaceAll(COMMENT_LINE, '')
  return [...text.matchAll(BARE_IMPORT)]
    .map(({ groups }) => (groups!.name ?? groups!.called)!)
    .filter((name) => !isBuiltin(name))
    .map((name) => /^(?:@[^/]+\/)?[^/]+/.exec(name)![0])
}
