import { defineConfig } from 'vitest/config'

// Packages of this workspace are tested as they are written, not as they were built last.
const conditions = ['@mintmark/source', 'node', 'import', 'module', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts'],
    // Counted by .ci/run, which prints them last.
    reporters: ['default', ['json', { outputFile: 'node_modules/.cache/mintmark/test-results.json' }]],
    // One line a file while all is well.
    slowTestThreshold: 30_000,
    pool: 'forks',
    // The machine may be slow and shared: these only end what hangs.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Each server process that a test starts has its own folder; none reads this machine's environment.
    env: { MINTMARK_CONFIG: '' },
  },
})
