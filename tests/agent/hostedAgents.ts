import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AgentDefinition } from '../../lib/src/base/agent/index.ts'
import { silentLogger } from '../../lib/src/base/types/index.ts'
import { AgentHost, CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'

/** A platform of the test that runs, and its agents. */
export interface HostedAgents extends AsyncDisposable {
  readonly platform: CryptoDataPlatform
  readonly host: AgentHost
}

export interface HostedOptions {
  readonly databaseUrl: string
  readonly yaml?: string
  /** Agents that run by their schedules; the others run when called. */
  readonly run?: readonly string[]
  /** Instead of those that there are. */
  readonly definitions?: Readonly<Record<string, AgentDefinition>>
}

export async function hostedAgents({ databaseUrl, yaml = '', run = [], definitions }: HostedOptions): Promise<HostedAgents> {
  const folder = await mkdtemp(join(tmpdir(), 'qicore-agents-'))
  await writeFile(join(folder, 'qicore.yaml'), `partitions: 2\n${yaml}`)
  const { config } = loadConfig({ cwd: folder, env: { DATABASE_URL: databaseUrl, QICORE_SOURCES: 'none' } })
  const platform = new CryptoDataPlatform({ config })
  await platform.start()
  const host = await AgentHost.open({
    settings: { ...config.agents, run },
    llm: config.llm,
    handles: platform.toolHandles,
    servers: platform.mcpServers,
    logger: silentLogger,
    ...(definitions && { definitions }),
  })
  return {
    platform,
    host,
    async [Symbol.asyncDispose]() {
      await host.close()
      await platform.stop()
    },
  }
}
