import type { BenchContext } from '../context.ts'
import { besidePeer } from '../peers/beside.ts'
import { startKafkaConnect } from '../peers/kafkaConnect.ts'

/** A filled topic → table, by Kafka Connect and by the consumer. */
export async function kafkaConnect(context: BenchContext): Promise<string> {
  const { brokers = [], folder, store } = context
  await using peer = await startKafkaConnect({ brokers, databaseUrl: store.url, folder })
  return await besidePeer(context, peer)
}
