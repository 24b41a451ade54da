import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { onTestFinished } from 'vitest'
import { NETWORK_CHANNEL, type NetworkEvent } from '../../lib/src/base/types/index.ts'

/** The events of the network layer during the rest of the test. */
export function networkEvents(): readonly NetworkEvent[] {
  const events: NetworkEvent[] = []
  const listener = (message: unknown) => void events.push(message as NetworkEvent)
  subscribe(NETWORK_CHANNEL, listener)
  onTestFinished(() => void unsubscribe(NETWORK_CHANNEL, listener))
  return events
}
