import { defineConfig } from 'vitest/config'
import { databaseSuites, timescaleUrl } from './tests/support/run/stores.ts'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: 'tests/support/globalSetup.ts',
    reporters: ['default', './tests/support/closingReporter.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { shuffle: { files: true, tests: true } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    provide: { server: 'embedded' },
    // Where TimescaleDB is, the suites of a database run once more, on it.
    ...(timescaleUrl() && {
      projects: [
        { extends: true, test: { name: 'embedded', exclude: ['tests/timescale/**'] } },
        { extends: true, test: { name: 'timescaledb', include: databaseSuites(), provide: { server: 'timescaledb' } } },
      ],
    }),
  },
})
