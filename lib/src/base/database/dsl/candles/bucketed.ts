import { formatTime, nowMicros } from '../../../types/index.ts'
import type { RowReader } from '../../reading/RowReader.ts'
import type { BucketedCandle, BucketedCandles } from '../analysisResults.ts'
import type { bucketedQuery } from '../query/analysisQueries.ts'
import type { QueryOf } from '../query/query.ts'
import type { Material, StoredSeries } from '../series.ts'
import { type Bucket, parseBucket, timeframeOf } from './bucket.ts'
import { chosenOf, toSeries } from './candles.ts'
import { WHOLE } from './completeness.ts'
import { fill, materialsOf } from './fill.ts'
import { linesOf, toBar } from './packedBars.ts'
import { boundText } from './statements.ts'
import { findStored } from './stored.ts'

type BucketedQuery = QueryOf<typeof bucketedQuery>

/** Candles of any length, by event time. Each names the data it was built from, and how many pieces. */
export async function bucketedCandles(reader: RowReader, query: BucketedQuery): Promise<BucketedCandles> {
  const { coin, source, currency, madeOf, from, limit } = query
  const bucket = parseBucket(query.bucket)
  const to = query.to ?? nowMicros() + 60_000_000
  const whole = madeOf === 'any' || madeOf === 'bars' ? timeframeOf(bucket) : undefined
  const found = await findStored(reader, {
    coin,
    source,
    currency,
    timeframe: whole,
    from: boundText(from),
    to: formatTime(to),
    limit,
  })
  const chosen = await chosenOf(reader, found, query)
  const stored = whole === undefined ? [] : linesOf(found.bars).map((line): BucketedCandle => ownBar(toBar(chosen, whole, line)))
  const opens = stored.map(({ time }) => time)
  const built = await fill(reader, chosen, bucket, { from, to, limit }, opens, allowed(chosen, bucket, madeOf))
  return {
    series: toSeries(chosen),
    bucket: bucket.name,
    candles: [...stored, ...built].sort((a, b) => a.time - b.time).slice(-limit),
    otherSeries: found.all.filter((other) => other !== chosen).map(toSeries),
  }
}

function ownBar({ timeframe: _, ...figures }: ReturnType<typeof toBar>): BucketedCandle {
  return { ...(figures as unknown as BucketedCandle), ...WHOLE, pieces: 1 }
}

function allowed(series: StoredSeries, bucket: Bucket, madeOf: BucketedQuery['madeOf']): readonly Material[] {
  const materials = materialsOf(series, bucket)
  if (madeOf === 'any') return materials
  return materials.filter((material) => (material === 'trades' || material === 'prices' ? material : 'bars') === madeOf)
}
