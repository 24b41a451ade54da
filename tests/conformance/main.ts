// npm run conformance: the official suites of the Model Context Protocol against the HTTP stack of the platform.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '../../app/server/index.ts'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { conformanceServer } from './fixtures.ts'
import { runSuite, SUITES } from './suites.ts'

const home = await mkdtemp(join(tmpdir(), 'qicore-conformance-'))
const env = { QICORE_HOME: home, ...(process.env.DATABASE_URL && { DATABASE_URL: process.env.DATABASE_URL }) }
const { config } = loadConfig({ cwd: home, env, flags: { 'sources.run': 'none', 'server.port': 0 } })
let failed = 0
try {
  await using platform = new CryptoDataPlatform({ config })
  await platform.initialize()
  await using server = await serve({ platform, config, mcp: conformanceServer })
  for (const suite of SUITES) {
    const outcome = await runSuite(suite, `${server.url}/mcp`)
    console.log(outcome.output)
    console.log(`${suite.name}: ${outcome.passed} checks passed, ${outcome.failed} failed\n`)
    failed += outcome.failed + (outcome.ok ? 0 : 1)
  }
} finally {
  await rm(home, { recursive: true, force: true })
}
process.exitCode = failed > 0 ? 1 : 0
