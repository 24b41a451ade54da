import { fileURLToPath } from 'node:url'
import { type RunningServer, serve } from '../../../app/server/index.ts'
import { CryptoDataPlatform, loadConfig } from '../../../lib/src/streaming/platform/index.ts'
import { makeProject, type Project } from '../../app/cli/project.ts'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'

const MAIN = fileURLToPath(new URL('../../../app/cli/main.ts', import.meta.url))

/** The address of a running platform, and the command that serves the same store over stdio. */
export interface Served extends AsyncDisposable {
  readonly platform: CryptoDataPlatform
  readonly url: string
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** A platform that has stored its first simulated price of bitcoin. */
export async function servePlatform(): Promise<Served> {
  const project: Project = await makeProject('mcp-clients')
  const { url } = await testDatabase()
  // No test starts containers by accident.
  const docker = { DOCKER_HOST: 'unix:///nonexistent/docker.sock' }
  const env = {
    ...docker,
    DATABASE_URL: url,
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    TMPDIR: process.env.TMPDIR ?? '',
  }
  const { config } = loadConfig({
    cwd: project.cwd,
    env: { DATABASE_URL: url },
    flags: { 'sources.run': 'simulated', 'server.port': 0 },
  })
  const platform = new CryptoDataPlatform({ config })
  await platform.initialize()
  await platform.start()
  const server: RunningServer = await serve({ platform, config })
  await until(
    async () => (await platform.store.dsl.getLatestPrices({ coins: ['bitcoin'] })).items.length > 0,
    'a price of bitcoin',
  )
  return {
    platform,
    url: `${server.url}/mcp`,
    command: process.execPath,
    args: [MAIN, 'mcp'],
    cwd: project.cwd,
    env,
    async [Symbol.asyncDispose]() {
      await server.close()
      await platform.stop()
      await project[Symbol.asyncDispose]()
    },
  }
}
