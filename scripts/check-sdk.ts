/**
 * Guards: what users of the SDK depend on. The weight of a bundle with one function or one verifier, nothing
 * in it that a platform or a policy forbids, a comment on every export, and no name that comes or goes
 * unnoticed: `packages/sdk/exports.json` lists them, and `--write` writes it.
 */
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createFindings } from './findings.ts'
import { bundle } from './sdk/bundle.ts'
import { exportedNames } from './sdk/exported-names.ts'
import { CACHE, readText, ROOT } from './tree.ts'

const SDK = 'packages/sdk'
const LIST = `${SDK}/exports.json`

/** Bytes, minified and compressed, of what a bundler makes of these lines. */
const BUNDLES: Readonly<Record<string, { readonly limit: number; readonly lines: readonly string[] }>> = {
  'one-function': {
    limit: 2_600,
    lines: [
      `export { MintmarkCore } from '@mintmark/sdk/core.js'`,
      `export { testingTokensCreate } from '@mintmark/sdk/funcs/testingTokensCreate.js'`,
    ],
  },
  verify: { limit: 4_096, lines: [`export { createVerifier } from '@mintmark/sdk/verify.js'`] },
}

/** Node's modules, a library that is the server's, and what a strict content security policy forbids. */
const FORBIDDEN = /\bnode:|\bzod\b|\beval\(|\bnew Function\b/

const findings = createFindings()
const { exports } = JSON.parse(readText(`${SDK}/package.json`)) as {
  exports: Record<string, { types: string; default: string }>
}
const built = globSync('**/*.js', { cwd: join(ROOT, SDK, 'dist') })

const sizes = await checkSizes()
checkBuilt()
checkNames()
findings.end(`${built.length} files; ${sizes.join(', ')}`)

async function checkSizes(): Promise<readonly string[]> {
  const folder = join(CACHE, 'bundles')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const measured: string[] = []
  for (const [name, { limit, lines }] of Object.entries(BUNDLES)) {
    const entry = join(folder, `${name}.entry.js`)
    writeFileSync(entry, lines.join('\n'))
    const [file] = await bundle({ entry: { [name]: entry }, folder, minify: true })
    const size = gzipSync(readFileSync(file!), { level: 9 }).length
    measured.push(`${name} ${size} B`)
    if (size > limit) findings.fail(SDK, `a bundle of ${name} has ${size} B compressed; at most ${limit}`)
  }
  return measured
}

function checkBuilt(): void {
  for (const file of built) {
    if (!existsSync(join(ROOT, SDK, 'src', file.replace(/\.js$/, '.ts'))))
      findings.fail(`${SDK}/dist/${file}`, 'was built of something that is gone: npm run build')
    const found = FORBIDDEN.exec(readText(`${SDK}/dist/${file}`))
    if (found !== null) findings.fail(`${SDK}/dist/${file}`, `has ${found[0]} in it`)
  }
}

function checkNames(): void {
  const listed: Record<string, readonly string[]> = {}
  for (const [entry, { types }] of entriesOf()) {
    const names = exportedNames(join(ROOT, SDK, types))
    for (const [name, { documented }] of names) {
      if (!documented) findings.fail(`${SDK}/${types}`, `${name} has no comment`)
    }
    listed[entry] = [...names].map(([name, { kind }]) => (kind === 'type' ? `type ${name}` : name)).toSorted()
  }
  const text = `${JSON.stringify(listed, null, 2)}\n`
  if (process.argv.includes('--write')) writeFileSync(join(ROOT, LIST), text)
  else if (
    !existsSync(join(ROOT, LIST)) ||
    JSON.stringify(JSON.parse(readText(LIST))) !== JSON.stringify(listed)
  )
    findings.fail(
      LIST,
      'is not what is exported: node scripts/check-sdk.ts --write, and look at the difference',
    )
}

/** With a file in place of each star. */
function entriesOf(): readonly (readonly [string, { readonly types: string }])[] {
  return Object.entries(exports).flatMap(([entry, { types }]) => {
    if (!entry.includes('*')) return [[entry, { types }]] as const
    const [before = '', after = ''] = types.split('*')
    return globSync(types, { cwd: join(ROOT, SDK) })
      .map((file) => `./${file}`.replace('././', './'))
      .toSorted()
      .map((file) => [entry.replace('*', file.slice(before.length, -after.length)), { types: file }] as const)
  })
}
