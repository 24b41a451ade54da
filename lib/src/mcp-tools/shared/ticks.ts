import { newestFirst, notFuture, type ReadStore, seriesNumberSql } from '../../base/database/index.ts'
import { type Price, price, QiError, type Stream, type Trade, trade } from '../../base/types/index.ts'
import type { Tick } from './windowStatistics.ts'

export interface SeriesName {
  readonly source: string
  readonly coin_id: string
  readonly currency: string
}

export interface Ticks {
  readonly series: SeriesName
  /** In the order of the market. */
  readonly ticks: readonly Tick[]
  /** True if some of them are simulated. */
  readonly simulated: boolean
}

export interface TicksWanted {
  readonly coin: string
  readonly source: string | undefined
  readonly currency: string | undefined
  readonly window: number
}

interface Found extends Tick {
  readonly series: SeriesName
  readonly simulated: boolean
  /** The venue's number of a trade. */
  readonly sequence: number | undefined
}

/** Sorts ticks of one moment by the venue's sequence, then those without one in stream order (sorting is stable). */
const byMarket = (a: Found, b: Found): number =>
  a.time - b.time ||
  (a.sequence === b.sequence ? 0 : (a.sequence ?? Number.POSITIVE_INFINITY) - (b.sequence ?? Number.POSITIVE_INFINITY))

/** Most messages of a topic that are scanned: the newest. */
export const MOST_SCANNED = 100_000

/** The newest prices of a coin in the stream, from the topic of prices or trades. */
export async function ticksOfStream(
  stream: Stream,
  of: 'prices' | 'trades',
  wanted: TicksWanted,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (scanned: number, total: number) => void },
): Promise<Ticks> {
  const type = of === 'prices' ? price : trade
  const { topic } = type
  const partitions = (await stream.describeTopics([topic]))[0]?.partitions ?? []
  const each = BigInt(Math.floor(MOST_SCANNED / Math.max(1, partitions.length)))
  const from = partitions.map(({ partition, earliest, latest }) => ({
    topic,
    partition,
    offset: latest - each > earliest ? latest - each : earliest,
  }))
  const total = partitions.reduce((sum, { latest }, i) => sum + Number(latest - (from[i]?.offset ?? latest)), 0)
  const found: Found[] = []
  let scanned = 0
  for await (const batch of stream.read({ topics: [topic], from, untilEnd: true, signal })) {
    for (let i = 0; i < batch.length; i++) {
      // The key is source:coin_id; only matching messages are decoded.
      const key = batch.keys[i] ?? ''
      const at = key.indexOf(':')
      if (key.slice(at + 1) !== wanted.coin || (wanted.source !== undefined && key.slice(0, at) !== wanted.source)) continue
      const tick = tickOf(type, batch.value(i))
      if (tick && (wanted.currency === undefined || tick.series.currency === wanted.currency)) found.push(tick)
    }
    scanned += batch.length
    onProgress(scanned, total)
  }
  return oneSeries(found, wanted, `the newest ${scanned} messages of ${topic}`)
}

function tickOf(type: typeof price | typeof trade, value: Uint8Array): Found | undefined {
  try {
    const record: Price | Trade = type.decode(value)
    const { coinId, source, currency, time, price: figure, origin } = record
    const sequence = 'sequence' in record ? (record.sequence as number) : undefined
    return {
      series: { source, coin_id: coinId, currency },
      time,
      price: Number(figure),
      simulated: origin === 'simulated',
      sequence,
    }
  } catch {
    return undefined
  }
}

/** The newest stored prices of a coin. */
export async function ticksOfStore(reads: Pick<ReadStore, 'pool'>, of: 'prices' | 'trades', wanted: TicksWanted): Promise<Ticks> {
  const [table, type] = of === 'prices' ? (['crypto_prices', 'price'] as const) : (['trades', 'trade'] as const)
  const { rows: series } = await reads.pool.query<SeriesName>(
    `select source, coin_id, currency from series where type = '${type}' and last is not null
     and coin_id = $1 and ($2::text is null or source = $2) and ($3::text is null or currency = $3) limit 20`,
    [wanted.coin, wanted.source ?? null, wanted.currency ?? null],
  )
  const one = onlyOne(series, wanted, `the table ${table}`)
  const { rows } = await reads.pool.query<{ time: string; price: number; simulated: boolean }>(
    `select (extract(epoch from time) * 1000000)::bigint::text as time, price::float8 as price, origin = 'simulated' as simulated
     from ${table} where series = ${seriesNumberSql(type, { coin_id: '$1', source: '$2', currency: '$3' })} and ${notFuture('time')} order by ${newestFirst(table)} limit $4`,
    [one.coin_id, one.source, one.currency, wanted.window],
  )
  const ticks = rows.reverse().map(({ time, price: figure }) => ({ time: Number(time), price: figure }))
  return { series: one, ticks: ticks.filter(isPositive), simulated: rows.some((row) => row.simulated) }
}

/** Logarithms need positive prices. */
const isPositive = ({ price: figure }: Tick): boolean => figure > 0

function oneSeries(found: readonly Found[], wanted: TicksWanted, where: string): Ticks {
  const keys = new Map(found.map(({ series }) => [`${series.source}:${series.currency}`, series]))
  const series = onlyOne([...keys.values()], wanted, where)
  const ticks = found.toSorted(byMarket).slice(-wanted.window)
  return { series, ticks: ticks.filter(isPositive), simulated: ticks.some(({ simulated }) => simulated) }
}

function onlyOne(series: readonly SeriesName[], { coin }: TicksWanted, where: string): SeriesName {
  const [one, ...others] = series
  if (!one)
    throw new QiError(
      'NOT_FOUND',
      `coin "${coin.slice(0, 60)}": nothing of it is in ${where} with this source and currency; get_latest_prices shows what is stored, stream_crypto_data starts a source`,
      { field: 'coin' },
    )
  if (others.length === 0) return one
  const names = series.slice(0, 10).map(({ source, currency }) => `source ${source} with currency ${currency}`)
  throw new QiError(
    'BAD_REQUEST',
    `coin "${coin}": there are ${series.length} series of it in ${where}; pass source and currency of one: ${names.join(', ')}`,
    {
      field: 'source',
    },
  )
}
