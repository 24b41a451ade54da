import { channel } from 'node:diagnostics_channel'
import { NETWORK_CHANNEL, type NetworkEvent } from '../types/index.ts'

const events = channel(NETWORK_CHANNEL)

export function publishNetworkEvent(event: NetworkEvent): void {
  if (events.hasSubscribers) events.publish(event)
}
