import { defineConfig } from 'vitest/config'
import { databaseSuites, timescaleUrl } from './tests/support/run/stores.ts'

export default defineConfig({
  test: {
    globalSetup: 'tests/support/globalSetup.ts',
    reporters: ['default', './tests/support/closingReporter.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { shuffle: { files: true, tests: true } },
    // What waits, waits for an event. These end what hangs, and are far beyond what a slow machine takes.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000, interval: 20 } },
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
