import { z } from 'zod'
import { TIMEFRAMES } from '../../types/index.ts'
import { cursor, flag, list, time } from '../dsl/query/parameters.ts'
import type { SeriesNameColumn } from '../tables/tables.ts'
import type { HistoryKind } from './kinds.ts'

/** The most records of one page. */
export const MOST_RECORDS = 10_000

const SOME_TIMEFRAMES = new RegExp(`^(?:${TIMEFRAMES.join('|')})(?:,(?:${TIMEFRAMES.join('|')}))*$`)
const UNLIKE_TIMEFRAMES = `expected some of ${TIMEFRAMES.join(', ')}`

const timeframes = z
  .union(
    [z.string().regex(SOME_TIMEFRAMES, UNLIKE_TIMEFRAMES), z.array(z.enum(TIMEFRAMES)).meta({ minItems: 1, maxItems: 100 })],
    { error: UNLIKE_TIMEFRAMES },
  )
  .transform((value) => (typeof value === 'string' ? value.split(',') : value))
  .optional()
  .describe('only bars of these lengths, such as 1h,1d')

const FILTERS: Readonly<Record<SeriesNameColumn, readonly [parameter: string, schema: z.ZodType]>> = {
  coin_id: ['coin', list('ids, tickers or names of coins, such as bitcoin,ETH; all coins when left out')],
  source: ['source', list('only these sources')],
  currency: ['currency', list('only figures in these currencies, such as usd')],
  timeframe: ['timeframe', timeframes],
  name: ['name', list('only records with these names')],
  // Not `params`: generated clients have a variable of that name.
  params: ['parameters', list('only records with these parameters, such as period=14')],
}

export const HISTORY_ORDERS = ['series', 'time'] as const
export type HistoryOrder = (typeof HISTORY_ORDERS)[number]

const common = {
  order: z
    .enum(HISTORY_ORDERS)
    .default('series')
    .describe('series: one series after another; time: all series together, by time'),
  from: time('records at or after this time: ISO 8601 or a date in UTC, or a time ago such as -7d'),
  to: time('records before this time'),
  include_simulated: flag('also simulated and manual series of coins that have a provider'),
  limit: z.coerce.number().int().min(1).max(MOST_RECORDS).optional().describe(`most records of a page; at most ${MOST_RECORDS}`),
  after: cursor,
}

export type HistoryFilters = Readonly<
  Partial<Record<'coin' | 'source' | 'currency' | 'timeframe' | 'name' | 'parameters', readonly string[]>>
>

/** A validated query of history. */
export type HistoryQuery = HistoryFilters & {
  /** Start, in microseconds. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly includeSimulated: boolean
  readonly order: HistoryOrder
  readonly limit?: number | undefined
  readonly after?: string | undefined
}

/** A query inside TypeScript; times as microseconds or text. */
export type HistoryInput = Readonly<
  Partial<Record<keyof HistoryFilters, string | readonly string[]>> & {
    from?: number | string
    to?: number | string
    includeSimulated?: boolean
    order?: HistoryOrder
    limit?: number
    after?: string
  }
>

/** The query parameter that filters by a name of a series. */
export const parameterOf = (name: SeriesNameColumn): keyof HistoryFilters => FILTERS[name][0] as keyof HistoryFilters

const made = new WeakMap<HistoryKind, z.ZodObject>()

/** The query schema of one kind of history, with filters for the names of its series. */
export function historyQueryOf(kind: HistoryKind): z.ZodObject {
  const known = made.get(kind)
  if (known) return known
  const filters = Object.fromEntries(kind.names.map((name) => FILTERS[name]))
  const schema = z.object({ ...filters, ...common }).describe(`${kind.type.summary}: stored records, the oldest first`)
  made.set(kind, schema)
  return schema
}
