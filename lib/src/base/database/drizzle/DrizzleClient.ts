import type { SQL } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import {
  type ArrivalOrder,
  admit,
  formatTime,
  type Micros,
  type Ohlcv,
  ohlcv,
  type Price,
  price,
  type RecordType,
  type RecordValues,
  type SeriesCalendars,
  type Timeframe,
} from '../../types/index.ts'
import { classifyPgError } from '../errors.ts'
import { notFuture } from '../future.ts'
import { and, asc, desc, drizzle, gte, lt, sql } from '../orm.ts'
import type { Pool } from '../pool.ts'
import { cryptoPrices, ohlcvData } from '../schema/index.ts'
import { numberOf } from '../series/lookup.ts'
import { tableOf } from '../tables.ts'
import { SingleInsert } from './SingleInsert.ts'

export interface SeriesOf {
  readonly coinId: string
  readonly source: string
  readonly currency: string
}

export interface TimeRange {
  /** First time that counts. */
  readonly from: Micros
  /** First time that no longer counts. */
  readonly to: Micros
  /** Most rows; default 1000. */
  readonly limit?: number
}

/** The database's clock, the order of what is stored one by one, and the trading hours of series. */
export interface Admission {
  readonly now: () => Micros
  readonly arrivals: ArrivalOrder
  readonly calendars: SeriesCalendars
}

/** Typed reads and small writes by Drizzle, on the store's pool; statements are prepared once per connection. */
export class DrizzleClient {
  /** The Drizzle database itself, for queries that have no verb here. */
  readonly db: NodePgDatabase
  readonly #latest: ReturnType<typeof prepareLatest>
  readonly #prices: ReturnType<typeof preparePrices>
  readonly #bars: ReturnType<typeof prepareBars>
  readonly #inserts = new Map<string, SingleInsert>()
  readonly #pool: Pool

  readonly #admission: Admission

  constructor(pool: Pool, admission: Admission) {
    this.#admission = admission
    this.#pool = pool
    this.db = drizzle(pool)
    this.#latest = prepareLatest(this.db)
    this.#prices = preparePrices(this.db)
    this.#bars = prepareBars(this.db)
  }

  /** The newest price of a series. @throws QiError */
  async latestPrice(series: SeriesOf): Promise<Price | undefined> {
    const [row] = await classified(this.#latest.execute({ ...series }))
    return row && present<Price>(row)
  }

  /** Prices of a series, oldest first. @throws QiError */
  async prices(series: SeriesOf, range: TimeRange): Promise<readonly Price[]> {
    return (await classified(this.#prices.execute({ ...series, ...times(range) }))).map((row) => present<Price>(row))
  }

  /** The stored bars of one timeframe, oldest first. @throws QiError */
  async bars(series: SeriesOf & { readonly timeframe: Timeframe }, range: TimeRange): Promise<readonly Ohlcv[]> {
    return (await classified(this.#bars.execute({ ...series, ...times(range) }))).map((row) => present<Ohlcv>(row))
  }

  /** Stores one record; on its key the greater (is_final, received_at) stays. @throws QiError BAD_DATA for one from the future */
  async insert<R extends RecordValues>(type: RecordType<R>, given: R): Promise<void> {
    const { now, arrivals, calendars } = this.#admission
    await calendars.refresh()
    const record = arrivals.stamp(type, admit(type, given, now(), calendars.of))
    const spec = tableOf(type, record)
    let insert = this.#inserts.get(spec.name)
    if (!insert) {
      insert = new SingleInsert(this.#pool, spec)
      this.#inserts.set(spec.name, insert)
    }
    await classified(insert.run(record))
  }
}

type SeriesTable = typeof cryptoPrices | typeof ohlcvData

/** By the number of the series: rows then come in the order of time from the index. */
function ofSeries(type: 'price' | 'ohlcv'): SQL {
  const names = ['coinId', 'source', 'currency', ...(type === 'ohlcv' ? ['timeframe'] : [])]
  const marked = numberOf(type, {
    coin_id: '{coinId}',
    source: '{source}',
    currency: '{currency}',
    timeframe: type === 'ohlcv' ? '{timeframe}' : "''",
  })
  return sql.join(marked.split(/[{}]/).map((part) => (names.includes(part) ? sql.placeholder(part) : sql.raw(part))))
}
const isOf = (type: 'price' | 'ohlcv'): SQL => sql`series = ${ofSeries(type)}`

/** Leaves out rows that no record can be made of, which an older version took. */
const readable = (type: RecordType) =>
  sql.raw(
    type.fields
      .filter(({ kind }) => kind === 'decimal')
      .map(({ name }) => `(${name} is null or scale(${name}) is not null)`)
      .join(' and '),
  )

const inRange = ({ time }: SeriesTable) => and(gte(time, sql.placeholder('from')), lt(time, sql.placeholder('to')))

const prepareLatest = (db: NodePgDatabase) =>
  db
    .select()
    .from(cryptoPrices)
    .where(and(isOf('price'), sql.raw(notFuture('time')), readable(price as unknown as RecordType)))
    .orderBy(desc(cryptoPrices.time))
    .limit(1)
    .prepare('drizzle_latest_price')

const preparePrices = (db: NodePgDatabase) =>
  db
    .select()
    .from(cryptoPrices)
    .where(and(isOf('price'), inRange(cryptoPrices), readable(price as unknown as RecordType)))
    .orderBy(asc(cryptoPrices.time))
    .limit(sql.placeholder('limit'))
    .prepare('drizzle_prices')

const prepareBars = (db: NodePgDatabase) =>
  db
    .select()
    .from(ohlcvData)
    .where(and(isOf('ohlcv'), inRange(ohlcvData), readable(ohlcv as unknown as RecordType)))
    .orderBy(asc(ohlcvData.time))
    .limit(sql.placeholder('limit'))
    .prepare('drizzle_bars')

const times = ({ from, to, limit = 1000 }: TimeRange) => ({ from: formatTime(from), to: formatTime(to), limit })

/** Drizzle wraps what the driver threw; the classification needs what is inside. */
async function classified<T>(query: Promise<T>): Promise<T> {
  try {
    return await query
  } catch (error) {
    throw classifyPgError((error as { cause?: unknown }).cause ?? error)
  }
}

/** A record leaves out what it does not have; a row has null there. */
function present<R>(row: Readonly<Record<string, unknown>>): R {
  const record: Record<string, unknown> = {}
  for (const name in row) if (row[name] !== null) record[name] = row[name]
  return record as R
}
