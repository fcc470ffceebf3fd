import { readFileSync, writeFileSync } from 'node:fs'
import { defineConfig } from 'tsdown'

/** Bundled, so that a start reads one file and not hundreds. Their licences go along. */
const BUNDLED = ['@mintmark/sdk', 'commander', 'hono', 'kysely', 'zod']

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
    'build:done': () => writeFileSync('dist/bundled-licenses.txt', BUNDLED.map(licenseOf).join('\n\n')),
  },
})

function licenseOf(name: string): string {
  const folder = `../../node_modules/${name}`
  const { version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as { version: string }
  return `${name} ${version}\n\n${readFileSync(`${folder}/LICENSE`, 'utf8').trim()}\n`
}
