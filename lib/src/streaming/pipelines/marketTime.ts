import type { EncodedBatch, RecordType } from '../../base/index.ts'

/** Records whose time is the moment at which the market made them: a candle's is its open, which says nothing of its way. */
const MOMENTS = new Set(['price', 'trade', 'quote'])

/**
 * The time of the oldest of the batches' first records that came live, in milliseconds since 1970. One record a batch is decoded,
 * since this is for watching a way on which nothing else is.
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
