import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { formatTime } from '../../lib/src/base/types/index.ts'
import type { BenchContext } from '../context.ts'
import { openDatabase } from '../database.ts'
import { START } from '../prices.ts'
import { checkTable } from '../table.ts'

const QICORE = fileURLToPath(new URL('../../bin/qicore.js', import.meta.url))
const COINS = 10
const SECOND = 1_000_000
/** Looks at the memory of the process in a run. */
const LOOKS = 100

interface Look {
  readonly records: number
  readonly megabytes: number
}

/**
 * Memory over the length of a backfill: `qicore backfill` of the simulated market in a process of its own, which fetches,
 * publishes, consumes and stores. The slope is that of the straight line through the looks after the first fifth.
 */
export async function backfill(context: BenchContext): Promise<string> {
  const { folder, records, note } = context
  await using store = await openDatabase(context, 'bench_backfill')
  const project = join(folder, 'backfill')
  await mkdir(project, { recursive: true })
  await writeFile(join(project, 'qicore.yaml'), 'sources: { simulated: { interval_ms: 1000 } }\n')
  const coins = Array.from({ length: COINS }, (_, i) => `coin-${i}`)
  const to = START + Math.ceil(records / COINS) * SECOND
  const started = performance.now()
  const looks = await watched(project, store.url, [...coins, '--from', formatTime(START), '--to', formatTime(to)], records, note)
  const seconds = (performance.now() - started) / 1000
  const total = Math.ceil(records / COINS) * COINS
  await checkTable(store, total)
  const later = looks.filter((look) => look.records >= total / 5)
  const peak = Math.max(...looks.map(({ megabytes }) => megabytes))
  const last = looks.at(-1)?.megabytes ?? Number.NaN
  return [
    `### Backfill of ${total.toLocaleString('en')} prices: memory of the process`,
    '',
    '| | |',
    '|---|---|',
    `| slope after the first fifth, MB a million rows | ${slope(later).toFixed(2)} |`,
    `| largest, MB | ${peak.toFixed(0)} |`,
    `| at the end, MB | ${last.toFixed(0)} |`,
    `| rows/s, from start to exit | ${Math.round(total / seconds).toLocaleString('en')} |`,
  ].join('\n')
}

async function watched(
  cwd: string,
  url: string,
  args: readonly string[],
  records: number,
  note: (line: string) => void,
): Promise<Look[]> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: url }
  const child = spawn(process.execPath, [QICORE, 'backfill', ...args, '--json'], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const looks: Look[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as { event: string; records: number }
    if (event.event !== 'window' || event.records < (looks.length * records) / LOOKS) continue
    const megabytes = residentMegabytes(child.pid as number)
    if (megabytes > 0) looks.push({ records: event.records, megabytes }) // 0 where it has just ended
    if (looks.length % 10 === 0) note(`${event.records} rows, ${looks.at(-1)?.megabytes.toFixed(0)} MB`)
  }
  const [code] = (await exited) as [number | null]
  if (code !== 0) throw new Error(`qicore backfill ended with code ${code}`)
  return looks
}

const residentMegabytes = (pid: number): number =>
  Number(spawnSync('ps', ['-o', 'rss=', '-p', String(pid)]).stdout.toString()) / 1024

/** Megabytes a million rows, by least squares. */
function slope(looks: readonly Look[]): number {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
  const x = mean(looks.map(({ records }) => records / 1e6))
  const y = mean(looks.map(({ megabytes }) => megabytes))
  const covariance = mean(looks.map(({ records, megabytes }) => (records / 1e6 - x) * (megabytes - y)))
  return covariance / mean(looks.map(({ records }) => (records / 1e6 - x) ** 2))
}
