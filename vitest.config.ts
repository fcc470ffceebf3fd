import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// Packages of this workspace are tested as they are written, not as they were built last. Neither `import` nor
// `require` is named: each is true where it is, and a CommonJS package that is given both gets a module for a class.
const conditions = ['@mintmark/source', 'node', 'module']

const ON_POSTGRES_TOO = [
  'idempotency',
  'idempotency.keys',
  'isolation',
  'm2m-tokens.revoke-all',
  'signing-keys',
  'signing-keys.rotate*',
]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // What Clerk's clients see, and what walls and retries promise, holds on both databases.
    projects: [
      {
        extends: true,
        test: { name: 'sqlite', include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'postgres',
          include: [
            'tests/compat/**/*.test.ts',
            ...ON_POSTGRES_TOO.map((name) => `tests/http/${name}.test.ts`),
          ],
          env: { MINTMARK_CONFIG: '', TEST_STORE: 'postgres' },
        },
      },
    ],
    // Starts PostgreSQL once a test asks for a database.
    globalSetup: 'tests/support/start-postgres.ts',
    // Counted by .ci/run, which prints them last.
    reporters: ['default', ['json', { outputFile: 'node_modules/.cache/mintmark/test-results.json' }]],
    // One line a file while all is well.
    slowTestThreshold: 30_000,
    pool: 'forks',
    // Many tests wait for a process, a database or a browser: on two cores, two files at a time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // The machine may be slow and shared: these only end what hangs.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Each server process that a test starts has its own folder; none reads this machine's environment.
    env: { MINTMARK_CONFIG: '' },
  },
})
