import { z } from 'zod'
import { candlesQuery, newestFirst } from '../../base/database/index.ts'
import { formatTime, type RecordType, recordTypes } from '../../base/types/index.ts'

/** A statement of ours whose arguments are typed. */
export interface NamedQuery {
  readonly parameters: z.ZodObject
  statement(given: Readonly<Record<string, unknown>>): { readonly text: string; readonly values: readonly unknown[] }
}

const { coin, source, currency, timeframe, from, to } = candlesQuery.shape
const range = { from, to }

/** The SQL condition of each parameter. */
const CONDITIONS: Readonly<Record<string, string>> = {
  coin: 'coin_id =',
  source: 'source =',
  currency: 'currency =',
  timeframe: 'timeframe =',
  indicator: 'name =',
  from: 'time >=',
  to: 'time <',
}

function where(given: Readonly<Record<string, unknown>>): { text: string; values: unknown[] } {
  const values: unknown[] = []
  const parts = Object.entries(CONDITIONS).flatMap(([name, condition]) => {
    const value = given[name]
    if (value === undefined) return []
    values.push(typeof value === 'number' ? formatTime(value) : value)
    return [`${condition} $${values.length}`]
  })
  return { text: parts.length > 0 ? ` where ${parts.join(' and ')}` : '', values }
}

/** The stored rows of a type, newest first. */
function rowsOf(type: RecordType, parameters: z.ZodRawShape): NamedQuery {
  const columns = type.fields.map(({ name, kind }) => (kind === 'decimal' ? `trim_scale(${name}) as ${name}` : name))
  return {
    parameters: z.object({ ...parameters, ...range }),
    statement(given) {
      const { text, values } = where(given)
      return {
        text: `select ${columns.join(', ')} from ${type.table}${text} order by ${newestFirst(type.table ?? '')}, ${type.key.join(', ')}`,
        values,
      }
    },
  }
}

/** Aggregates of one coin and day, newest first. */
const perDay = (table: string, figures: string): NamedQuery => ({
  parameters: z.object({ coin, source, currency, ...range }),
  statement(given) {
    const { text, values } = where(given)
    return {
      text: `select date_trunc('day', time) as day, source, currency, count(*) as rows, ${figures} from ${table}${text}
        group by 1, 2, 3 order by 1 desc, 2, 3`,
      values,
    }
  },
})

export const NAMED_QUERIES = {
  prices: rowsOf(recordTypes.price, { coin, source, currency }),
  candles: rowsOf(recordTypes.ohlcv, {
    coin,
    source,
    currency,
    timeframe: timeframe.unwrap().optional(),
  }),
  trades: rowsOf(recordTypes.trade, { coin, source, currency }),
  quotes: rowsOf(recordTypes.quote, { coin, source, currency }),
  books: rowsOf(recordTypes.book, { coin, source, currency }),
  market_figures: rowsOf(recordTypes.market_analytics, { source, currency }),
  trending: rowsOf(recordTypes.trending, { source }),
  indicators: rowsOf(recordTypes.indicator, {
    coin,
    source,
    currency,
    timeframe: timeframe.unwrap().optional(),
    indicator: z
      .string()
      .max(200)
      .regex(/^[^\0]*$/)
      .optional()
      .describe('its name, such as sma'),
  }),
  alerts: rowsOf(recordTypes.alert, { coin, source, currency }),
  corporate_actions: rowsOf(recordTypes.corporate_action, { coin, source }),
  observations: rowsOf(recordTypes.observation, { coin, source }),
  daily_prices: perDay(
    'crypto_prices',
    'trim_scale(min(price)) as least, trim_scale(max(price)) as greatest, avg(price)::float8 as mean',
  ),
  daily_trades: perDay(
    'trades',
    'trim_scale(sum(amount)) as amount, trim_scale(min(price)) as least, trim_scale(max(price)) as greatest',
  ),
} as const satisfies Readonly<Record<string, NamedQuery>>

export type QueryName = keyof typeof NAMED_QUERIES
export const QUERY_NAMES = Object.keys(NAMED_QUERIES) as [QueryName, ...QueryName[]]

const COMMON = ['coin', 'source', 'currency', 'from', 'to']

/** The queries by name, with the arguments besides the common ones: for a model that is to choose one. */
export const queriesText = `${Object.entries(NAMED_QUERIES)
  .map(([name, { parameters }]) => {
    const names = Object.keys(parameters.shape)
    const others = names.filter((key) => !COMMON.includes(key))
    const missing = COMMON.filter((key) => !names.includes(key))
    const notes = [...others.map((key) => `also ${key}`), ...missing.map((key) => `no ${key}`)]
    return notes.length > 0 ? `${name} (${notes.join(', ')})` : name
  })
  .join(', ')}; arguments are ${COMMON.join(', ')}`
