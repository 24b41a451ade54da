import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Store } from '../../lib/src/base/database/index.ts'
import type { BenchContext } from '../context.ts'
import { openDatabase } from '../database.ts'
import { psqlCopy } from '../psql.ts'
import { interleave, markdown, summarise } from '../rounds.ts'
import { withoutTriggers } from '../table.ts'
import { archiveLine, type FileTrade, writeTrades } from '../tradesFile.ts'

const QICORE = fileURLToPath(new URL('../../bin/qicore.js', import.meta.url))
const PROBE = new URL('../probe.ts', import.meta.url).href
const ROWS = 'trades_rows'
const COLUMNS = 'series, time, received_at, origin, trade_id, side, price, amount, sequence'
const PSQL = 'psql \\copy text, into our table, its number known'
const OURS = 'qicore import, file → stream → table'

/**
 * `qicore import` of an archive of trades in a process of its own, from its start to its end, beside psql's `\copy` of the same rows into
 * the same table by somebody who knows the number of the series and keeps no registry.
 */
export async function importFiles(context: BenchContext): Promise<string> {
  const { folder, records, rounds, note } = context
  await using store = await openDatabase(context, 'bench_import')
  const project = join(folder, 'import')
  await mkdir(project, { recursive: true })
  await writeFile(join(project, 'qicore.yaml'), '')
  const archive = join(project, 'BTCUSDT-trades-2024-08.csv')
  await writeTrades(archive, records, archiveLine)
  const copy = join(folder, 'trades.tsv')
  const line = await copyLine(store)
  await writeTrades(copy, records, line)
  let megabytes = 0
  const contents = new Set<string>()
  const onEmpty = (run: () => Promise<number>) => async () => {
    await store.pool.query(`truncate ${ROWS}`)
    await store.pool.query('checkpoint')
    const ms = await run()
    contents.add(await contentOf(store, records))
    if (contents.size > 1) throw new Error(`the import and psql stored different trades: ${[...contents].join('; ')}`)
    return ms
  }
  const timings = await interleave(
    {
      [PSQL]: onEmpty(() =>
        withoutTriggers(store, () => psqlCopy(store.url, { target: { table: ROWS, columns: COLUMNS }, paths: [copy] }), ROWS),
      ),
      [OURS]: onEmpty(async () => {
        const imported = await runImport(project, archive, store.url)
        megabytes = Math.max(megabytes, imported.megabytes)
        return imported.ms
      }),
    },
    rounds,
    note,
  )
  const title = `Import of ${records.toLocaleString('en')} trades`
  const rows = summarise(timings, records, PSQL)
  return `${markdown(title, 'rows/s', rows)}\n\nMost memory of the process that imported: ${Math.round(megabytes)} MB.`
}

/** Trades as text for COPY, under the number of their series. */
async function copyLine(store: Store): Promise<(trade: FileTrade) => string> {
  const { rows } = await store.pool.query<{ number: string }>(
    "select series_number('trade', 'BTC/USDT', 'binance', 'USDT', '', '', '') as number",
  )
  const number = rows[0]?.number
  return ({ id, price, amount, time, side }) => {
    const at = new Date(time).toISOString()
    return `${number}\t${at}\t${at}\tbackfill\t${id}\t${side}\t${trimmed(price)}\t${trimmed(amount)}\t${id}\n`
  }
}

const trimmed = (figure: string): string => figure.replace(/\.?0+$/, '')

async function runImport(
  cwd: string,
  archive: string,
  url: string,
): Promise<{ readonly ms: number; readonly megabytes: number }> {
  const started = performance.now()
  const args = ['import', archive, '--format', 'binance-vision', '--coin', 'BTC/USDT', '--again', '--json']
  const child = spawn(process.execPath, ['--import', PROBE, QICORE, ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: url },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let told = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`qicore import ended with code ${code}: ${told}`)
  const { megabytes } = JSON.parse(told.trim().split('\n').at(-1) as string) as { megabytes: number }
  return { ms: performance.now() - started, megabytes }
}

/** Number of trades and a checksum of their content, to the last digit. @throws Error unless all are there */
async function contentOf(store: Store, records: number): Promise<string> {
  const { rows } = await store.pool.query<{ rows: string; sum: string }>(
    `select count(*)::text as rows, sum(hashtextextended(t::text, 0)::numeric)::text as sum
     from (select series, time, trade_id, side, price, amount, sequence from ${ROWS}) as t`,
  )
  if (Number(rows[0]?.rows) !== records) throw new Error(`${ROWS} holds ${rows[0]?.rows} rows, expected ${records}`)
  return `checksum ${rows[0]?.sum}`
}
