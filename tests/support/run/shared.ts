import { join } from 'node:path'
import type { Shared } from './ask.ts'
import { debianPostgres } from './available.ts'
import { startKafka } from './broker.ts'
import { startCluster } from './cluster.ts'

export interface Running {
  readonly address: string
  stop(): Promise<void>
}

export async function startShared(name: Shared, folder: string): Promise<Running> {
  if (name === 'kafka') {
    const kafka = await startKafka({ dir: join(folder, name) })
    return { address: kafka.brokers, stop: kafka.stop }
  }
  const given = name === 'postgres' ? process.env.QICORE_TEST_POSTGRES_URL : undefined
  if (given) return { address: given, stop: async () => {} }
  const { url, stop } = await startCluster(join(folder, name), name === 'postgres' ? debianPostgres() : undefined)
  return { address: url, stop }
}
