import { defineConfig } from 'vitest/config'
import { databaseSuites, timescaleUrl } from './tests/support/run/stores.ts'

export default defineConfig({
  test: {
    globalSetup: 'tests/support/globalSetup.ts',
    reporters: ['default', './tests/support/closingReporter.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { shuffle: { files: true, tests: true } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // As long as a busy machine may take; what has not come then does not come.
    expect: { poll: { timeout: 25_000 } },
    // Where TimescaleDB is, the suites of a database run once more, on it.
    projects: [
      {
        extends: true,
        test: {
          name: 'embedded',
          include: ['tests/**/*.test.ts'],
          exclude: timescaleUrl() ? ['tests/timescale/**'] : [],
          provide: { server: 'embedded' },
        },
      },
      ...(timescaleUrl()
        ? [
            {
              extends: true as const,
              test: { name: 'timescaledb', include: databaseSuites(), provide: { server: 'timescaledb' as const } },
            },
          ]
        : []),
    ],
  },
})
