import { setImmediate } from 'node:timers/promises'
import type { EncodedBatch, RecordValues } from '../../../lib/src/base/index.ts'
import { channelOfTopic, channels } from './channels.ts'
import type { LiveClient } from './LiveClient.ts'

/** Records after which other work gets its turn: the same process publishes, stores and answers requests. */
const TURN = 500

/**
 * Sends the records of a batch to whom they are for, as the bytes that came off the stream. A record is decoded once, and only
 * if somebody may want it; what is no valid record is left out here, and set aside by the consumers.
 */
export async function dispatch(batch: EncodedBatch, clients: Iterable<LiveClient>): Promise<void> {
  const channel = channelOfTopic(batch.topic)
  const type = channel === undefined ? undefined : channels.get(channel)
  if (channel === undefined || !type) return
  const head = Buffer.from(`{"type":"record","channel":"${channel}","data":`)
  const listeners = [...clients].filter((client) => client.listens(channel))
  for (let from = 0; from < batch.length && listeners.length > 0; from += TURN) {
    if (from > 0) await setImmediate()
    for (const client of listeners) client.hold()
    for (let i = from; i < Math.min(from + TURN, batch.length); i++) {
      const key = batch.keys[i] ?? null
      const wanting = listeners.filter((client) => client.mayWant(channel, key))
      if (wanting.length === 0) continue
      const value = batch.value(i)
      let record: RecordValues
      try {
        record = type.decode(value)
      } catch {
        continue
      }
      let made: Uint8Array | undefined
      const frame = () => {
        made ??= Buffer.concat([head, value, CLOSING])
        return made
      }
      for (const client of wanting) client.offer(channel, record, value, frame)
    }
    for (const client of listeners) client.flush(channel)
  }
}

const CLOSING = Buffer.from('}')
