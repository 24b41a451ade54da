import { join } from 'node:path'
import type { Shared } from './ask.ts'
import { debianPostgres } from './available.ts'
import { startKafka } from './broker.ts'
import { startCluster } from './cluster.ts'
import { startRegistry } from './registryServer.ts'
import { startTlsServer } from './tlsServer.ts'

export interface Running {
  readonly address: string
  stop(): Promise<void>
}

export async function startShared(name: Shared, folder: string): Promise<Running> {
  if (name === 'kafka') {
    const kafka = await startKafka({ dir: join(folder, name) })
    return { address: kafka.brokers, stop: kafka.stop }
  }
  if (name === 'registry') {
    const registry = await startRegistry(join(folder, name))
    return { address: registry.url, stop: registry.stop }
  }
  if (name === 'tls') {
    const { url, stop } = await startTlsServer(join(folder, name))
    return { address: url, stop }
  }
  const given = name === 'postgres' ? process.env.QICORE_TEST_POSTGRES_URL : undefined
  if (given) return { address: given, stop: async () => {} }
  const { url, stop } = await startCluster(join(folder, name), name === 'postgres' ? debianPostgres() : undefined)
  return { address: url, stop }
}
