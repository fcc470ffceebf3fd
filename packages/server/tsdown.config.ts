import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { defineConfig } from 'tsdown'

/** Bundled, so that a start reads one file and not hundreds. Their licences go along. */
const BUNDLED = ['@mintmark/sdk', '@peculiar/x509', 'commander', 'hono', 'kysely', 'reflect-metadata', 'zod']

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
    'build:done'() {
      copyClerkJs()
      const licenses = [...BUNDLED, CLERK_JS].map(licenseOf)
      writeFileSync('dist/bundled-licenses.txt', licenses.join('\n\n'))
    },
  },
})

const CLERK_JS = '@clerk/clerk-js'

/** What browsers load of it, as it is; the frontend serves it. */
function copyClerkJs(): void {
  const { version } = packageOf(CLERK_JS)
  const from = `../../node_modules/${CLERK_JS}/dist`
  const to = `dist/clerk-js/${version}`
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(from)) {
    if (/(?:^|_)clerk\.browser(?:_\w+_[\d.]+)?\.js$/.test(name)) cpSync(`${from}/${name}`, `${to}/${name}`)
  }
}

function packageOf(name: string): { readonly version: string } {
  return JSON.parse(readFileSync(`../../node_modules/${name}/package.json`, 'utf8')) as { version: string }
}

function licenseOf(name: string): string {
  const folder = `../../node_modules/${name}`
  const { version } = packageOf(name)
  return `${name} ${version}\n\n${readFileSync(`${folder}/LICENSE`, 'utf8').trim()}\n`
}
