import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningServer, serve } from '../../app/server/index.ts'
import { type Engines, openEngines, platformOf } from '../app/server/served.ts'
import { testDatabase } from '../support/database.ts'
import { conformanceServer } from './fixtures.ts'
import { runSuite, SUITES } from './suites.ts'

let engines: Engines
let server: RunningServer
beforeAll(async () => {
  engines = await openEngines((await testDatabase()).url)
  const config = { server: { host: '127.0.0.1', port: 0 } }
  server = await serve({ platform: platformOf(engines), config, mcp: conformanceServer })
})
afterAll(async () => {
  await server.close()
  await engines[Symbol.asyncDispose]()
})

// The suites' own clients talk to the HTTP stack that our tools are served by.
test.each(SUITES)(
  'every scored check passes: $name',
  async (suite) => {
    const { ok, passed, failed, output } = await runSuite(suite, `${server.url}/mcp`)
    expect(failed, output).toBe(0)
    expect(passed).toBeGreaterThan(30)
    expect(ok, output).toBe(true)
  },
  180_000,
)
