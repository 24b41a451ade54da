import type { BenchContext } from '../context.ts'
import { besidePeer } from '../peers/beside.ts'
import { redpandaConnectBinary } from '../peers/installed.ts'
import { redpandaConnectPeer } from '../peers/redpandaConnect.ts'

/** A filled topic → table, by Redpanda Connect and by the consumer. */
export async function redpandaConnect(context: BenchContext): Promise<string> {
  const { brokers = [], folder, store } = context
  await using peer = await redpandaConnectPeer({ binary: redpandaConnectBinary() ?? '', brokers, databaseUrl: store.url, folder })
  return await besidePeer(context, peer)
}
