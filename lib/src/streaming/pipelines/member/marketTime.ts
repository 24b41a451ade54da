import type { EncodedBatch, RecordType } from '../../../base/types/index.ts'

/** Record types whose `time` is when the market made them. A candle's is its open, which says nothing about its latency. */
const MOMENTS = new Set(['price', 'trade', 'quote', 'book'])

/**
 * The market time of the oldest live record, in milliseconds since 1970; undefined where there is none. Only the first record of each
 * batch is decoded, because the data path decodes none.
 */
export function marketTime(type: RecordType, batches: readonly EncodedBatch[]): number | undefined {
  if (!MOMENTS.has(type.name)) return undefined
  const times = batches.flatMap((batch) => {
    const [first] = batch.decode(type)
    const live = first?.record && (first.record.origin === 'live' || first.record.origin === 'simulated')
    return live ? [(first.record.time as number) / 1000] : []
  })
  return times.length > 0 ? Math.min(...times) : undefined
}
