import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import {
  COLUMN_TYPES,
  createOwnTable,
  OWN_TABLES,
  type Store,
  storeStatistics,
  storeWire,
  TIME_TABLES,
  type TimeTable,
} from '../../base/database/index.ts'
import { countOf, QiError } from '../../base/types/index.ts'

const ACTIONS = ['list', 'statistics', 'create', 'compress', 'retention'] as const
const MOST_OWN = 20

const input = z.object({
  action: z.enum(ACTIONS),
  table: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,62}$/, 'a name is lower case letters, digits and underscores, such as crypto_prices')
    .optional()
    .describe(`one of ${Object.keys(TIME_TABLES).join(', ')}; of create: the name of the new table`),
  days: z
    .number()
    .positive()
    .max(36_500)
    .nullish()
    .describe('of compress: how old a chunk is when it is compressed; of retention: how long rows are kept. null ends either'),
  columns: z
    .array(z.object({ name: z.string().max(63), type: z.enum(COLUMN_TYPES) }))
    .min(1)
    .max(50)
    .optional()
    .describe('of create: the columns beside `time`'),
  key: z.array(z.string().max(63)).max(10).optional().describe('of create: the columns that, with `time`, make the primary key'),
  chunk_days: z.number().min(0.05).max(3650).default(7).describe('of create: how much time a chunk of a hypertable holds'),
})
type Input = z.output<typeof input>

const tableOut = z.object({
  table: z.string(),
  rows: z.int().optional(),
  estimated: z.boolean().optional(),
  bytes: z.int().optional(),
  chunks: z.int().optional(),
  compressed_chunks: z.int().optional(),
  compression_ratio: z.number().optional(),
  retention_days: z.number().optional(),
  compress_after_days: z.number().optional(),
})

const output = z.object({
  done: z.string(),
  layout: z.enum(['hypertables', 'plain']),
  timescale: z.string().optional().describe('version of TimescaleDB; absent on plain PostgreSQL'),
  missing: z.string().optional().describe('what this database cannot do'),
  tables: z.array(tableOut),
  own_tables: z.array(z.string()).optional().describe('made by create'),
  dropped: z
    .object({ unit: z.enum(['chunks', 'rows']), count: z.int() })
    .optional()
    .describe('by retention, for good'),
})

export const manageHypertables = defineTool({
  name: 'manage_hypertables',
  title: 'Manage time tables',
  summary:
    'The tables that grow with time: list and statistics (rows, bytes, chunks, policies), create (a table of your own), compress (chunks older ' +
    'than so many days). On PostgreSQL without TimescaleDB tables are plain, and there is no compression.',
  set: 'TimescaleTools',
  effect: 'destroy',
  reads: ['list', 'statistics'],
  destructive: {
    actions: ['retention'],
    summary:
      'retention drops what is older than so many days, now and from now on (rows in batches where tables are plain); asks first.',
  },
  input,
  output,
  question: ({ action, table, days }) =>
    action === 'retention' && days != null
      ? `Keep only ${countOf(days, 'day')} of ${table}, and drop what is older now and from now on? It cannot be brought back.`
      : undefined,
  async run(given, { store, signal }) {
    const { done, dropped } = await act(given, store, signal)
    const { layout, timescale, tables } = storeWire(await storeStatistics(store))
    const about = given.action === 'list' || given.action === 'statistics' ? given.table : (given.table ?? '')
    const own = await store.pool.query<{ table: string }>(OWN_TABLES)
    return {
      done,
      layout,
      ...(timescale !== undefined && { timescale }),
      ...(layout === 'plain' && { missing: 'chunks and compression: they need TimescaleDB and tables set up with it' }),
      tables: tables
        .filter(({ table }) => about === undefined || table === about)
        .map(given.action === 'list' ? listed : (row) => row),
      ...(own.rows.length > 0 && { own_tables: own.rows.slice(0, MOST_OWN).map(({ table }) => table) }),
      ...(dropped && { dropped }),
    }
  },
  facts: ({ tables, own_tables: own = [] }) => ({
    missing: [
      tables.some(({ estimated }) => estimated) && 'rows are estimates of the database',
      own.length >= MOST_OWN && `tables of your own beyond ${MOST_OWN} are not listed`,
    ],
  }),
  text: ({ done, layout, missing, tables, dropped }) =>
    [
      `${done}; layout: ${layout}${missing ? `; missing: ${missing}` : ''}${dropped ? `; ${dropped.unit} dropped: ${dropped.count}` : ''}`,
      ...tables.map(({ table, rows, estimated, bytes, retention_days, compress_after_days }) =>
        [
          rows === undefined || bytes === undefined
            ? table
            : `${table}: ${estimated ? 'about ' : ''}${countOf(rows, 'row')}, ${countOf(bytes, 'byte')}`,
          ...(retention_days === undefined ? [] : [`kept ${countOf(retention_days, 'day')}`]),
          ...(compress_after_days === undefined ? [] : [`compressed after ${countOf(compress_after_days, 'day')}`]),
        ].join(', '),
      ),
    ].join('\n'),
})

/** Its policies; how large it is belongs to the statistics. */
const listed = ({ rows: _, estimated: __, bytes: ___, ...row }: z.infer<typeof tableOut>): z.infer<typeof tableOut> => row

interface Act {
  readonly done: string
  readonly dropped?: { readonly unit: 'chunks' | 'rows'; readonly count: number }
}

async function act(given: Input, store: Store, signal: AbortSignal): Promise<Act> {
  const { action } = given
  const { policies } = store.timescale
  switch (action) {
    case 'list':
    case 'statistics':
      if (given.table !== undefined) timeTable(given.table)
      return { done: action === 'list' ? 'the tables that grow with time' : 'statistics' }
    case 'create':
      return { done: await create(given, store) }
    case 'compress': {
      const table = timeTable(given.table)
      const after = daysOf(given)
      await policies.setCompression(table, after)
      if (after === undefined) return { done: `${table} is no longer compressed` }
      return { done: `chunks of ${table} are compressed after ${countOf(after, 'day')}` }
    }
    case 'retention': {
      const table = timeTable(given.table)
      const keep = daysOf(given)
      await policies.setRetention(table, keep)
      if (keep === undefined) return { done: `all of ${table} is kept` }
      const result = (await policies.applyRetention({ signal })).find((one) => one.table === table)
      return {
        done: `${countOf(keep, 'day')} of ${table} kept`,
        ...(result && { dropped: { unit: result.unit, count: result.dropped } }),
      }
    }
  }
}

async function create({ table, columns, key, chunk_days }: Input, store: Store): Promise<string> {
  if (table === undefined || columns === undefined || key === undefined)
    throw new QiError('BAD_REQUEST', 'create needs table, columns and key, such as table "funding_rates", key ["coin"]', {
      field: table === undefined ? 'table' : columns === undefined ? 'columns' : 'key',
    })
  const kind = await createOwnTable(store.pool, store.layout.layout, { table, columns, key, chunkDays: chunk_days })
  return kind === 'hypertable'
    ? `the hypertable ${table} is there`
    : `the table ${table} is there, plain with a block range index over time, since the tables of this store are plain`
}

/** @throws QiError BAD_REQUEST */
function timeTable(table: string | undefined): TimeTable {
  if (table !== undefined && Object.hasOwn(TIME_TABLES, table)) return table as TimeTable
  throw new QiError('BAD_REQUEST', `table "${table ?? ''}": name one of ${Object.keys(TIME_TABLES).join(', ')}`, {
    field: 'table',
  })
}

/** @throws QiError BAD_REQUEST where it is not said */
function daysOf({ action, days }: Input): number | undefined {
  if (days === undefined) throw new QiError('BAD_REQUEST', `${action} needs days: a number, or null to end it`, { field: 'days' })
  return days ?? undefined
}
