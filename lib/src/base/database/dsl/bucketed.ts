import { formatTime, nowMicros } from '../../types/index.ts'
import type { Reader } from '../reader.ts'
import type { bucketedQuery } from './analysisQueries.ts'
import type { BucketedCandle, BucketedCandles } from './analysisResults.ts'
import { boundText, type Material } from './bars.ts'
import { type Bucket, parseBucket, timeframeOf } from './bucket.ts'
import { chosenOf, toSeries } from './candles.ts'
import { fill, materialsOf, WHOLE } from './gather.ts'
import { type HeldSeries, heldOf } from './held.ts'
import { linesOf, toBar } from './packedBars.ts'
import type { QueryOf } from './query.ts'

type BucketedQuery = QueryOf<typeof bucketedQuery>

/** Candles of any length, by event time. Each says what it was built from, and of how many pieces. */
export async function bucketedCandles(reader: Reader, query: BucketedQuery): Promise<BucketedCandles> {
  const { coin, source, currency, madeOf, from, limit } = query
  const bucket = parseBucket(query.bucket)
  const to = query.to ?? nowMicros() + 60_000_000
  const whole = madeOf === 'any' || madeOf === 'bars' ? timeframeOf(bucket) : undefined
  const held = await heldOf(reader, {
    coin,
    source,
    currency,
    timeframe: whole,
    from: boundText(from),
    to: formatTime(to),
    limit,
  })
  const chosen = await chosenOf(reader, held, query)
  const stored = whole === undefined ? [] : linesOf(held.bars).map((line): BucketedCandle => ownBar(toBar(chosen, whole, line)))
  const opens = stored.map(({ time }) => time)
  const built = await fill(reader, chosen, bucket, { from, to, limit }, opens, allowed(chosen, bucket, madeOf))
  return {
    series: toSeries(chosen),
    bucket: bucket.name,
    candles: [...stored, ...built].sort((a, b) => a.time - b.time).slice(-limit),
    otherSeries: held.all.filter((other) => other !== chosen).map(toSeries),
  }
}

function ownBar({ timeframe: _, ...figures }: ReturnType<typeof toBar>): BucketedCandle {
  return { ...(figures as unknown as BucketedCandle), ...WHOLE, pieces: 1 }
}

function allowed(held: HeldSeries, bucket: Bucket, madeOf: BucketedQuery['madeOf']): readonly Material[] {
  const materials = materialsOf(held, bucket)
  if (madeOf === 'any') return materials
  return materials.filter((material) => (material === 'trades' || material === 'prices' ? material : 'bars') === madeOf)
}
