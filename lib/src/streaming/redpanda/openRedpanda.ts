import type { Stream } from '../../base/index.ts'
import type { RedpandaOptions } from './RedpandaClient.ts'
import type { RedpandaConfig } from './RedpandaConfig.ts'

/**
 * Connects to a Redpanda or Kafka cluster. The Kafka client is loaded here and not before: who has no brokers needs none of it.
 * @throws QiError UNAVAILABLE, TIMEOUT, UNAUTHORIZED, CONFIG_INVALID, within some seconds
 */
export async function openRedpanda(config: RedpandaConfig, options: RedpandaOptions = {}): Promise<Stream> {
  const { RedpandaClient } = await import('./RedpandaClient.ts')
  return RedpandaClient.open(config, options)
}
