import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { dataHealthQuery, dataHealthWire } from '../../base/database/index.ts'
import { morePages } from '../shared/facts.ts'
import { pageOf } from '../shared/page.ts'
import { limitOf } from '../shared/parameters.ts'
import { table } from '../shared/text.ts'

/** Of each series; what it misses in all is in `gaps`. */
const MOST_HOLES = 2

const output = pageOf(
  z
    .looseObject({
      coin_id: z.string(),
      source: z.string(),
      currency: z.string(),
      kind: z.string(),
      status: z
        .string()
        .describe(
          'ok, stale (silent for longer than usual), gappy (with holes), flawed (with bars that cannot be right) or future (with rows ahead of the clock)',
        ),
      reason: z.string().optional(),
      age_seconds: z.number(),
      rows: z.int().describe('within the stretch'),
      missing: z.int().optional().describe('trades that are missing by number, where the source numbers them'),
      missing_numbers: z
        .array(z.looseObject({ first_number: z.int(), last_number: z.int(), missing: z.int(), reason: z.string() }))
        .optional()
        .describe(`the ${MOST_HOLES} ranges that miss the most`),
      gaps: z.int().describe('how many holes'),
      longest: z.array(z.object({ from: z.string(), to: z.string() })).describe(`the ${MOST_HOLES} longest holes`),
    })
    .describe('what is held of one series'),
)

const PRESET = 5

export const getDataHealth = defineTool({
  name: 'get_data_health',
  title: 'Data health',
  summary:
    'Is data missing, late or wrong? Of each stored series over a stretch of time: rows, age, holes, late rows, bars that cannot be right or that finer data contradicts, and its status. For processes and connections use platform_health.',
  set: 'TimescaleDBFinancialTools',
  inDefaultSet: true,
  effect: 'read',
  pages: { by: 'limit', preset: PRESET },
  input: dataHealthQuery.extend({ limit: limitOf(200, PRESET, 'most series in a page') }),
  output,
  async run({ limit = PRESET, ...query }, { reads }) {
    const { items, next } = dataHealthWire(await reads.dsl.getDataHealth({ ...query, limit }))
    return { items: items.map(shortened), ...(next !== undefined && { next }) }
  },
  facts: ({ items, next }) => ({ times: items.map(({ last }) => String(last)), from: items, missing: [morePages(next)] }),
  text: ({ items, next }) =>
    table(
      items.map((item) => ({ ...item, reason: item.reason ?? '' })),
      ['coin_id', 'source', 'currency', 'kind', 'status', 'age_seconds', 'rows', 'gaps'],
      next,
      'nothing is stored that matches',
    ),
})

const shortened = ({ missing_numbers: numbers, ...item }: ReturnType<typeof dataHealthWire>['items'][number]) => ({
  ...item,
  longest: longest(item.longest),
  ...(numbers && { missing_numbers: numbers.toSorted((a, b) => b.missing - a.missing).slice(0, MOST_HOLES) }),
})

const length = ({ from, to }: { from: string; to: string }): number => Date.parse(to) - Date.parse(from)

const longest = <T extends { from: string; to: string }>(holes: readonly T[]): T[] =>
  holes
    .toSorted((a, b) => length(b) - length(a))
    .slice(0, MOST_HOLES)
    .toSorted((a, b) => (a.from < b.from ? -1 : 1))
