import { z } from 'zod'
import { defineTool, type ToolContext } from '../../base/agent/index.ts'
import { LONGEST_SQL, parseQuery, type ReadLimits, type ReadRows, readNamed } from '../../base/database/index.ts'
import { countOf, QiError } from '../../base/types/index.ts'
import { resolveCoin } from '../shared/coins.ts'
import { NAMED_QUERIES, QUERY_NAMES, type QueryName, queriesText } from '../shared/namedQueries.ts'
import { limitOf } from '../shared/parameters.ts'
import { cell } from '../shared/text.ts'

const TIMEOUT_MS = 5_000
const PRESET = 20
/** Of a default answer, which holds the rows twice: as structure and as text. */
const SMALL = { room: 1_500, width: 1_000 }
/** Where a limit was named. */
const LARGE = { room: 100_000, width: 20_000 }

const input = z.object({
  query: z.enum(QUERY_NAMES).optional().describe('the name of a query; or pass sql'),
  arguments: z.record(z.string(), z.unknown()).optional().describe('of the named query'),
  sql: z
    .string()
    .min(1)
    .max(LONGEST_SQL)
    .optional()
    .describe('one SELECT over the tables of the resource qicore://schema; or pass query'),
  limit: limitOf(1000, PRESET, 'most rows'),
  offset: z.int().min(0).max(1_000_000).default(0).describe('rows left out before them: `next_offset` of the answer before'),
})

export const timeseriesQuery = defineTool({
  name: 'timeseries_query',
  title: 'Query time series',
  summary:
    `Rows of the store, by a named query or by one read-only SQL SELECT (PostgreSQL, ${TIMEOUT_MS / 1000} s, functions that only compute). Named queries: ${queriesText}. ` +
    'Newest first; of SQL select time, source and origin to have them told. To page through a fixed list order by time and bound it (`to`). For prices now, candles or indicators prefer the tools of that name.',
  set: 'TimescaleTools',
  inDefaultSet: true,
  effect: 'read',
  pages: { by: 'limit', preset: PRESET },
  input,
  output: z.object({
    columns: z.array(z.string()),
    rows: z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]))),
    more: z.boolean(),
    next_offset: z.int().optional().describe('pass as `offset` to get the next rows; absent on the last'),
  }),
  async run({ query, arguments: given, sql, limit, offset }, context) {
    const limits: ReadLimits = {
      limit: limit ?? PRESET,
      offset,
      timeoutMs: TIMEOUT_MS,
      signal: context.signal,
      ...(limit === undefined ? SMALL : LARGE),
    }
    if ((query === undefined) === (sql === undefined))
      throw new QiError('BAD_REQUEST', `pass either query (one of ${QUERY_NAMES.join(', ')}, with its arguments) or sql`, {
        field: 'query',
      })
    if (sql !== undefined && given !== undefined)
      throw new QiError('BAD_REQUEST', 'arguments: only a named query has them; write values into the sql', {
        field: 'arguments',
      })
    const found =
      sql !== undefined
        ? await context.reads.sql.read(sql, limits, context.caller)
        : await named(query as QueryName, given ?? {}, limits, context)
    return {
      columns: [...found.columns],
      rows: found.rows.map((row) => [...row]),
      more: found.more,
      ...(found.more && { next_offset: offset + found.rows.length }),
    }
  },
  facts: ({ columns, rows, next_offset }) => {
    const column = (...names: readonly string[]) => columns.findIndex((name) => names.includes(name))
    const [time, source, origin] = [column('time', 'day', 'bucket'), column('source'), column('origin')]
    return {
      times: time < 0 ? [] : rows.map((row) => isoOf(row[time])),
      from: source < 0 ? rows.slice(0, 1).map(() => ({})) : rows.map((row) => ({ source: row[source], origin: row[origin] })),
      missing: [next_offset !== undefined && `more rows: pass offset: ${next_offset}`],
    }
  },
  text: ({ columns, rows, next_offset }) =>
    [
      columns.map(cell).join(' | '),
      ...rows.map((row) => row.map(cell).join(' | ')),
      rows.length === 0
        ? 'no rows'
        : `${countOf(rows.length, 'row')}${next_offset === undefined ? '' : `; more: pass offset: ${next_offset}`}`,
    ].join('\n'),
})

async function named(
  name: QueryName,
  given: Record<string, unknown>,
  limits: ReadLimits,
  { reads }: ToolContext,
): Promise<ReadRows> {
  const { parameters, statement } = NAMED_QUERIES[name]
  const query = parseQuery(parameters, given) as Record<string, unknown>
  const coin = typeof query.coin === 'string' ? { coin: await resolveCoin(reads, query.coin) } : {}
  return readNamed(reads.pool, statement({ ...query, ...coin }), limits)
}

/** Times come as PostgreSQL writes them. */
function isoOf(cell: unknown): string | undefined {
  const time = typeof cell === 'string' && /^\d{4}-\d\d-\d\d/.test(cell) ? Date.parse(cell) : Number.NaN
  return Number.isNaN(time) ? undefined : new Date(time).toISOString()
}
