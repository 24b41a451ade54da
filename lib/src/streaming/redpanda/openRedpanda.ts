import type { Stream } from '../../base/types/index.ts'
import type { RedpandaOptions } from './RedpandaClient.ts'
import type { RedpandaConfig } from './RedpandaConfig.ts'

/**
 * Connects to a Redpanda or Kafka cluster. The Kafka client is imported only here, so that the embedded log never loads it.
 * @throws QiError UNAVAILABLE, TIMEOUT, UNAUTHORIZED, CONFIG_INVALID, after the connect and request timeouts at most
 */
export async function openRedpanda(config: RedpandaConfig, options: RedpandaOptions = {}): Promise<Stream> {
  const { RedpandaClient } = await import('./RedpandaClient.ts')
  return RedpandaClient.open(config, options)
}
