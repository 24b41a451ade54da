import { defineConfig } from 'vitest/config'
import { onPath } from './bench/requirements.ts'
import { databaseSuites, TLS_SUITES, timescaleUrl } from './tests/support/run/stores.ts'

export default defineConfig({
  test: {
    // Many servers start at once: each takes any free port.
    env: { QICORE_DATABASE_PORT: '0' },
    globalSetup: 'tests/support/globalSetup.ts',
    reporters: ['default', './tests/support/closingReporter.ts'],
    pool: 'forks',
    // One more than the cores of a small machine: much of a test is waiting for other processes.
    maxWorkers: 3,
    sequence: { shuffle: { files: true, tests: true } },
    // What waits, waits for an event. These end what hangs, and are far beyond what a slow machine takes.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000, interval: 20 } },
    // The main suites of a database run once more over TLS and, where TimescaleDB is, all of them on it.
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
      ...(onPath('openssl')
        ? [{ extends: true as const, test: { name: 'tls', include: TLS_SUITES, provide: { server: 'tls' as const } } }]
        : []),
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
