import type { PoolClient } from '../pool.ts'
import { COMPOSED, FIGURE_COLUMNS, FIGURES } from './figures.ts'
import { COARSER, finerLevel, type Level, ofRaw, RAW, type Rolled } from './levels.ts'
import type { Dirty } from './marks.ts'

const COLUMNS = FIGURE_COLUMNS.join(', ')
const list = (alias: string): string => FIGURE_COLUMNS.map((column) => `${alias}.${column}`).join(', ')

/** $1–$5 stretches of series: coin, source, currency, from, to; one array each */
const STRETCHES =
  'unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[]) as d (coin_id, source, currency, since, until)'
const NAMES = { coin_id: 'd.coin_id', source: 'd.source', currency: 'd.currency' }
const SERIES = 'o.coin_id = d.coin_id and o.source = d.source and o.currency = d.currency'

/** Bars that come out as they are stored are not written again. */
const STORE = `on conflict (coin_id, source, currency, built_from, timeframe, time) do update
  set ${FIGURE_COLUMNS.map((column) => `${column} = excluded.${column}`).join(', ')}
  where (${list('r')}) is distinct from (${list('excluded')})`

const insert = (rolled: Rolled, level: Level): string => `insert into rollups as r
  (coin_id, source, currency, built_from, timeframe, time, ${COLUMNS})
  select d.coin_id, d.source, d.currency, '${rolled}', '${level}', b.time, ${list('b')} from`

/** Bars of one minute, of the records themselves. */
const minutes = (rolled: Rolled): string => `${insert(rolled, '1m')} ${STRETCHES}
  cross join lateral (select date_bin('1 minute', o.time, 'epoch') as time, ${FIGURES[rolled]} from ${RAW[rolled].table} as o
    where ${ofRaw(rolled, NAMES)} and o.time >= d.since and o.time < d.until group by 1) as b ${STORE}`

const INTERVAL: Readonly<Record<Level, string>> = {
  '1m': '1 minute',
  '5m': '5 minutes',
  '15m': '15 minutes',
  '1h': '1 hour',
  '4h': '4 hours',
  '1d': '1 day',
}

/** What the first level of stored bars is made of is stored already. */
const below = (rolled: Rolled, level: Level) => {
  if (rolled === 'candles' && level === COARSER[0])
    return { table: RAW.candles.table, figures: FIGURES.candles, series: ofRaw('candles', NAMES), rows: RAW.candles.rows }
  return {
    table: 'rollups',
    figures: COMPOSED,
    series: SERIES,
    rows: `and o.built_from = '${rolled}' and o.timeframe = '${finerLevel(level)}'`,
  }
}

/** Whole bars of a level, of the level below. */
function coarser(rolled: Rolled, level: Level): string {
  const { table, figures, series, rows } = below(rolled, level)
  const length = `interval '${INTERVAL[level]}'`
  return `${insert(rolled, level)} (select distinct d.coin_id, d.source, d.currency, g.open from ${STRETCHES}
      cross join lateral generate_series(date_bin(${length}, d.since, 'epoch'), d.until - interval '1 microsecond', ${length}) as g (open)) as d
    cross join lateral (select d.open as time, ${figures} from ${table} as o
      where ${series} ${rows} and o.time >= d.open and o.time < d.open + ${length}) as b
    where b.pieces > 0 ${STORE}`
}

/** Makes the bars of the stretches again, on every level or on the first alone. @returns bars written */
export async function build(
  client: PoolClient,
  rolled: Rolled,
  stretches: readonly Dirty[],
  levels: 'all' | 'minutes',
): Promise<number> {
  const values = (['coinId', 'source', 'currency', 'from', 'to'] as const).map((name) => stretches.map((one) => one[name]))
  let bars = 0
  if (rolled !== 'candles') bars += (await client.query(minutes(rolled), values)).rowCount ?? 0
  if (levels === 'all') for (const level of COARSER) bars += (await client.query(coarser(rolled, level), values)).rowCount ?? 0
  return bars
}
