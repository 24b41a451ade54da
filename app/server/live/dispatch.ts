import { setImmediate } from 'node:timers/promises'
import type { EncodedBatch, RecordValues } from '../../../lib/src/base/types/index.ts'
import { channels } from './channels.ts'
import type { Feed } from './Feed.ts'
import { offsetBefore, type Place } from './Place.ts'
import { ResumeTokens } from './resume.ts'

/** Most records, and bytes of them, in one turn of the event loop: the same process publishes, stores and answers requests. */
const TURN = 500
const TURN_BYTES = 256 * 1024

/** The index after the last record of the turn that begins at `first`. */
export function endOfTurn(batch: EncodedBatch, first: number, end = batch.length): number {
  const most = Math.min(first + TURN, end)
  const start = batch.spans[2 * first] ?? 0
  let last = first + 1
  while (last < most && (batch.spans[2 * last + 1] ?? 0) - start <= TURN_BYTES) last++
  return Math.min(last, most)
}

/**
 * Sends a batch of the tail to the feeds that are at the tail.
 * @param place the place of the tail, already after the batch
 */
export async function dispatch(batch: EncodedBatch, place: Place, feeds: Iterable<Feed>): Promise<void> {
  let listeners = [...feeds].filter((feed) => feed.isLive && feed.channel === place.channel)
  if (listeners.length === 0 || batch.length === 0) return
  const tokens = new ResumeTokens(place, batch.partition)
  for (let first = 0, last = 0; first < batch.length && listeners.length > 0; first = last) {
    if (first > 0) await setImmediate()
    last = endOfTurn(batch, first)
    // A feed that leaves the tail here catches up from this record.
    listeners = listeners.filter((feed) => feed.isLive && feed.admit(batch, first, place, tokens))
    sendTurn(batch, first, last, listeners, tokens)
  }
}

/**
 * Sends the records `first` to `last - 1` to the feeds that want them, as their original bytes. A record is decoded once, and only if a feed
 * may want it. Invalid records are left out; they become dead letters in the consumers.
 */
export function sendTurn(batch: EncodedBatch, first: number, last: number, feeds: readonly Feed[], tokens: ResumeTokens): void {
  const [one] = feeds
  const type = one && channels.get(one.channel)
  if (!one || !type) return
  const head = Buffer.from(`{"type":"record","channel":"${one.channel}","data":`)
  const tokenBehind = (index: number) => tokens.at(offsetBefore(batch, index + 1), batch.timestamps[index] ?? 0)
  for (const feed of feeds) feed.hold()
  for (let i = first; i < last; i++) {
    const key = batch.keys[i] ?? null
    const wanting = feeds.length === 1 && one.filter.mayWant(key) ? feeds : feeds.filter(({ filter }) => filter.mayWant(key))
    if (wanting.length === 0) continue
    const value = batch.value(i)
    let record: RecordValues
    try {
      record = type.decode(value)
    } catch {
      continue
    }
    let resume: string | undefined
    let made: Uint8Array | undefined
    const frame = () => {
      resume ??= tokenBehind(i)
      made ??= Buffer.concat([head, value, Buffer.from(`,"resume":"${resume}"}`)])
      return { frame: made, resume }
    }
    for (const feed of wanting) feed.offer(record, value, frame)
  }
  let behind: string | undefined
  for (const feed of feeds)
    feed.flush(() => {
      behind ??= tokenBehind(last - 1)
      return behind
    })
}
