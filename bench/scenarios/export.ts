import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchContext } from '../context.ts'
import { openDatabase } from '../database.ts'
import { COINS, START } from '../prices.ts'
import { interleave, markdown, summarise } from '../rounds.ts'
import { COLUMNS, checkTable, ROWS, TABLE } from '../table.ts'

const QICORE = fileURLToPath(new URL('../../bin/qicore.js', import.meta.url))
/** Of the same order as psql reads the table in, which was filled in the order of time; and series by series. */
const FORMS = [
  { form: 'csv', order: 'time' },
  { form: 'ndjson', order: 'time' },
  { form: 'parquet', order: 'time' },
  { form: 'csv', order: 'series' },
] as const
type Form = (typeof FORMS)[number]
const titleOf = ({ form, order }: Form): string => `qicore export --order ${order}, ${form}`
/** Rows of one statement that fills the table. */
const BATCH = 1_000_000

interface Usage {
  readonly megabytes: number
  readonly cpuSeconds: number
}

/**
 * `qicore export` of all prices in a process of its own, beside psql's `\copy … to` of the same view on the same server: rows per second
 * from the start of the process to its end, CPU seconds and the largest memory of the process.
 */
export async function exportHistory(context: BenchContext): Promise<string> {
  const { folder, records, rounds, note } = context
  await using store = await openDatabase(context, 'bench_export')
  await fill(store, records, note)
  const project = join(folder, 'export')
  await mkdir(project, { recursive: true })
  await writeFile(join(project, 'qicore.yaml'), '')
  const usages = new Map<Form, Usage[]>(FORMS.map((form) => [form, []]))
  const psql = async () => {
    const path = join(project, 'psql.csv')
    const started = performance.now()
    await ended(
      spawn(
        'psql',
        [store.url, '-qX', '-v', 'ON_ERROR_STOP=1', '-c', `\\copy (select ${COLUMNS} from ${TABLE}) to '${path}' csv header`],
        {
          stdio: ['ignore', 'ignore', 'inherit'],
        },
      ),
    )
    const ms = performance.now() - started
    await rm(path)
    return ms
  }
  const ours = (one: Form) => async () => {
    const { form, order } = one
    const path = join(project, `prices.${form}`)
    const started = performance.now()
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: store.url }
    const child = spawn(
      process.execPath,
      ['--import', PROBE, QICORE, 'export', 'prices', '--order', order, '-o', path, '--json'],
      {
        cwd: project,
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    let told = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text))
    await ended(child)
    const ms = performance.now() - started
    const lines = told.trim().split('\n')
    const probe = JSON.parse(lines.at(-1) as string) as Usage
    const { rows } = JSON.parse(lines.at(-2) as string) as { rows: number }
    if (rows !== records) throw new Error(`the export holds ${rows} rows, expected ${records}`)
    usages.get(one)?.push(probe)
    await rm(path)
    return ms
  }
  const contenders = Object.fromEntries(FORMS.map((form) => [titleOf(form), ours(form)]))
  const timings = await interleave({ 'psql \\copy to, csv': psql, ...contenders }, rounds, note)
  const cost = FORMS.map((form) => {
    const some = (usages.get(form) ?? []).slice(1)
    const cpu = some.map(({ cpuSeconds }) => cpuSeconds).sort((a, b) => a - b)[some.length >> 1] ?? Number.NaN
    const peak = Math.max(...some.map(({ megabytes }) => megabytes))
    return `| ${titleOf(form)} | ${Math.round(records / cpu).toLocaleString('en')} | ${Math.round(peak)} |`
  })
  return [
    markdown(`Export of ${records.toLocaleString('en')} prices`, 'rows/s', summarise(timings, records, 'psql \\copy to, csv')),
    '',
    '| | rows a CPU second of the process | largest memory, MB |',
    '|---|---|---|',
    ...cost,
  ].join('\n')
}

const PROBE = new URL('../probe.ts', import.meta.url).href

async function ended(child: ReturnType<typeof spawn>): Promise<void> {
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${child.spawnfile} ended with code ${code}`)
}

/** Prices of 200 coins, as bench/prices.ts makes them, made by the server. */
async function fill(
  store: Awaited<ReturnType<typeof openDatabase>>,
  records: number,
  note: (line: string) => void,
): Promise<void> {
  const numbers = `(select array_agg(series_number('price', 'coin-' || n, 'bench', 'usd', '', '', '') order by n) from generate_series(0, ${COINS - 1}) as n)`
  for (let from = 0; from < records; from += BATCH) {
    const to = Math.min(from + BATCH, records) - 1
    await store.pool.query(`with numbers as materialized (select ${numbers} as ids)
      insert into ${ROWS} (series, time, received_at, origin, price, market_cap, volume_24h, change_24h_pct)
      select ids[1 + i % ${COINS}], t, t + interval '250 milliseconds', 'replay', trim_scale((1 + i % ${COINS}) + ((i * 7919) % 100000000) / 100000000.0),
        1000000000 + i, 1000000 + i % 977 + 0.25, (i % 2000) - 1000 + 0.125
      from numbers, generate_series(${from}::bigint, ${to}) as i,
        lateral (select timestamptz '${new Date(START / 1000).toISOString()}' + make_interval(secs => i / ${COINS}) as t) as at`)
    note(`${to + 1} rows are there`)
  }
  await store.pool.query(`vacuum analyze ${ROWS}`)
  await checkTable(store, records)
}
