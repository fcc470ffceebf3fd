import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: { cli: 'src/cli/main.ts' },
  format: 'esm',
  platform: 'node',
  target: 'node24',
  outDir: 'dist',
  fixedExtension: false,
  // Bundled, so that a start reads one file and not hundreds.
  deps: { alwaysBundle: [/^hono\//, 'commander', 'kysely', /^kysely\//, 'zod'] },
  dts: false,
  sourcemap: false,
  clean: true,
})
