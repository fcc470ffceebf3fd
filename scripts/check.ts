/**
 * Guards: everything the project promises about its own code, in one command with one answer. Runs every
 * check, also after one has failed: `npm run check`, or some of them by name: `npm run check -- lint docs`.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { CACHE, ROOT } from './tree.ts'

const CHECKS: Readonly<Record<string, string>> = {
  // First: the server takes the types of the SDK as they are published.
  build: 'npm run --silent build',
  format: 'oxfmt --check',
  lint: 'oxlint --format unix',
  'types-server': 'tsc -p packages/server',
  'types-sdk': 'tsc -p packages/sdk',
  'types-tests': 'tsc -p tests',
  'types-scripts': 'tsc -p .',
  imports: 'node scripts/check-imports.ts',
  sizes: 'node scripts/check-sizes.ts',
  comments: 'node scripts/check-comments.ts',
  'dead-code': 'knip --no-progress --treat-config-hints-as-errors',
  exports: 'node scripts/check-exports.ts',
  package: 'publint --strict packages/server',
  // Not of what is packed: one of its conditions leads to sources, for this workspace alone.
  'package-sdk': 'publint --strict --pack false packages/sdk',
  'types-package': 'attw --pack packages/sdk --profile esm-only --format ascii',
  sdk: 'node scripts/check-sdk.ts',
  docs: 'node --conditions=@mintmark/source scripts/check-docs.ts',
  secrets: 'node scripts/check-secrets.ts',
}

interface Result {
  readonly name: string
  readonly passed: boolean
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in CHECKS))
if (unknown.length > 0) {
  console.log(`There is no check ${unknown.join(', ')}; there are ${Object.keys(CHECKS).join(', ')}.`)
  process.exit(2)
}
const started = performance.now()
const results = Object.entries(CHECKS)
  .filter(([name]) => wanted.length === 0 || wanted.includes(name))
  .map(([name, command]) => run(name, command))
// For .ci/run, which counts these and the tests together.
mkdirSync(CACHE, { recursive: true })
writeFileSync(join(CACHE, 'check-results.json'), JSON.stringify(results))

const failed = results.filter(({ passed }) => !passed)
console.log(
  `${results.length - failed.length} of ${results.length} checks passed in ${secondsSince(started)}`,
)
if (failed.length > 0) process.exitCode = 1

function run(name: string, command: string): Result {
  const start = performance.now()
  const [program = '', ...args] = command.split(' ')
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: [join(ROOT, 'node_modules/.bin'), process.env.PATH].join(delimiter),
      NO_COLOR: '1',
    },
  })
  const passed = status === 0
  const output = `${stdout}${stderr}${error?.message ?? ''}`.split('\n').filter((line) => line.trim() !== '')
  const shown = passed ? output.filter((line) => line.startsWith('warning: ')) : output
  console.log(`${passed ? 'passed' : 'FAILED'}  ${secondsSince(start).padStart(7)}  ${name}`)
  for (const line of shown) console.log(`                   ${line}`)
  return { name, passed }
}

function secondsSince(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`
}
