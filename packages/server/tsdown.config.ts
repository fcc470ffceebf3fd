import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'tsdown'

/** Bundled, so that a start reads one file and not hundreds. Their licences, and those of what they need, go along. */
const BUNDLED = [
  '@mintmark/sdk',
  '@peculiar/x509',
  'commander',
  'hono',
  'kysely',
  'pino',
  'prom-client',
  'reflect-metadata',
  'zod',
]

export default defineConfig({
  entry: { cli: 'src/cli/main.ts' },
  format: 'esm',
  platform: 'node',
  target: 'node24',
  outDir: 'dist',
  fixedExtension: false,
  deps: { alwaysBundle: BUNDLED.map((name) => new RegExp(`^${name}(?:/|$)`)) },
  // What is bundled of this workspace is what is written, not what was built last.
  inputOptions: { resolve: { conditionNames: ['@mintmark/source', 'node', 'import', 'default'] } },
  dts: false,
  sourcemap: false,
  clean: true,
  hooks: {
    'build:done'({ chunks }) {
      copyClerkJs()
      const files = chunks.flatMap((chunk) => ('moduleIds' in chunk ? chunk.moduleIds : []))
      const bundled = [...new Set([...files.flatMap(folderOf), CLERK_JS])].sort()
      writeFileSync('dist/bundled-licenses.txt', bundled.map(licenseOf).join('\n\n'))
    },
  },
})

const CLERK_JS = join(import.meta.dirname, '../../node_modules/@clerk/clerk-js')

/** What browsers load of it, as it is; the frontend serves it. */
function copyClerkJs(): void {
  const { version } = manifestOf(CLERK_JS)
  const from = `${CLERK_JS}/dist`
  const to = `dist/clerk-js/${version}`
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(from)) {
    if (/(?:^|_)clerk\.browser(?:_\w+_[\d.]+)?\.js$/.test(name)) cpSync(`${from}/${name}`, `${to}/${name}`)
  }
}

/** @returns the folder of the package that a file is of; none for a file of this project */
const folderOf = (file: string): string[] =>
  /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.slice(1) ?? []

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license: string
}

const manifestOf = (folder: string) => JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as Manifest

function licenseOf(folder: string): string {
  const { name, version, license } = manifestOf(folder)
  const file = readdirSync(folder).find((each) => /^licen[cs]e(?:\.|$)/i.test(each))
  if (file === undefined) throw new Error(`${name} is bundled and brings no licence: see whether it may be.`)
  return `${name} ${version} (${license})\n\n${readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`
}
