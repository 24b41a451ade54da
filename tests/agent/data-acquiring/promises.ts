import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as timer } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createPool } from '../../../lib/src/base/database/index.ts'
import { percentile } from '../../../lib/src/publishers/agents/data-acquiring/report.ts'
import { startProcess, type TestProcess } from '../../chaos/process.ts'
import { mostInWindow } from '../../support/slidingWindow.ts'
import { until } from '../../support/until.ts'
import { type OhlcCall, startOhlcServer } from './ohlcServer.ts'

export interface Promised {
  readonly priority: 'high' | 'normal' | 'low'
  readonly coins: number
  readonly maxAgeSeconds: number
}

export interface PromisesOptions {
  readonly databaseUrl: string
  /** Where the processes have their projects. */
  readonly folder: string
  readonly limit: number
  readonly windowMs: number
  readonly slackMs: number
  readonly watch: readonly Promised[]
  /** After this long, from when all of them call, one process is killed; after `forMs` it ends. */
  readonly killAfterMs: number
  readonly forMs: number
}

export interface Kept {
  readonly calls: number
  /** By process. */
  readonly shares: Readonly<Record<string, number>>
  readonly mostInWindow: number
  /** Of each class, in seconds, over all instruments and all the time. */
  readonly p95: Readonly<Record<string, number>>
  /** Calls that came again although their instrument was not due. */
  readonly twice: number
  readonly output: string
}

const PROCESSES = ['by-one', 'by-two', 'by-three', 'by-four']
const SAMPLE_MS = 100

/**
 * Four processes keep one watch list fresh, each instrument by a call of its own, under one limit; one of them is killed.
 * @throws Error where an instrument is never stored
 */
export async function keepPromises(options: PromisesOptions): Promise<Kept> {
  const { databaseUrl, folder, limit, windowMs, slackMs, watch, killAfterMs, forMs } = options
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startOhlcServer())
  const pool = createPool(databaseUrl)
  stack.defer(() => pool.end())
  const coinsOf = ({ priority, coins }: Promised) => Array.from({ length: coins }, (_, i) => `${priority}-${i}`)
  const entries = watch.map(
    (one) => `{ coins: [${coinsOf(one).join(', ')}], kind: ohlc, priority: ${one.priority}, max_age: ${one.maxAgeSeconds}s }`,
  )
  const processes = await Promise.all(
    PROCESSES.map(async (name, i): Promise<TestProcess> => {
      const cwd = join(folder, name)
      await mkdir(cwd, { recursive: true })
      // As many a minute as the windows of the test give room for.
      const perMinute = (61_000 * limit) / (windowMs + slackMs)
      const coingecko = `{ base_url: "${server.server.url}/${name}", api_key: one-key-for-all, calls_per_minute: ${perMinute}, calls_per_month: 1e9 }`
      const agents = `{ run: [data-acquiring], data-acquiring: { watch: [${entries.join(', ')}] } }`
      const consumers = i === 0 ? '' : 'consumers: []\n'
      await writeFile(
        join(cwd, 'qicore.yaml'),
        `partitions: 2\n${consumers}sources: { run: [], coingecko: ${coingecko} }\nagents: ${agents}\n`,
      )
      const worker = fileURLToPath(new URL('worker.ts', import.meta.url))
      const child = startProcess(worker, { limit, windowMs, slackMs }, cwd, { DATABASE_URL: databaseUrl })
      stack.defer(() => child.kill9())
      return child
    }),
  )
  const output = () => processes.map((child) => `${JSON.stringify(child.report())}\n${child.output().slice(-2000)}`).join('\n')
  await until(() => new Set(server.calls.map(({ by }) => by)).size === PROCESSES.length, 'all processes to call').catch(
    (error) => {
      throw new Error(`${(error as Error).message}\n${output()}`)
    },
  )
  const began = (server.calls[0] as OhlcCall).at
  await timer(killAfterMs)
  await processes.at(-1)?.kill9()
  await timer(forMs - killAfterMs)
  const ended = performance.now()
  const calls = [...server.calls]
  const wanted = watch.reduce((sum, { coins }) => sum + coins, 0)
  await until(async () => {
    const { rows } = await pool.query<{ stored: number }>('select count(distinct coin_id)::int as stored from ohlcv_data')
    return rows[0]?.stored === wanted
  }, 'every instrument to be stored')
  await Promise.all(processes.slice(0, -1).map((child) => child.stop()))
  const byCoin = Map.groupBy(calls, ({ coin }) => coin)
  const p95 = watch.map((one) => {
    const ages = coinsOf(one).flatMap((coin) => agesOf(byCoin.get(coin) ?? [], began, ended))
    return [
      one.priority,
      percentile(
        ages.sort((a, b) => a - b),
        0.95,
      ) / 1000,
    ]
  })
  const early = watch.flatMap((one) => coinsOf(one).map((coin) => earlyCalls(byCoin.get(coin) ?? [], one.maxAgeSeconds * 900)))
  return {
    calls: calls.length,
    shares: Object.fromEntries(PROCESSES.map((name) => [name, calls.filter(({ by }) => by === name).length])),
    mostInWindow: mostInWindow(calls, windowMs),
    p95: Object.fromEntries(p95),
    twice: early.reduce((sum, count) => sum + count, 0),
    output: output(),
  }
}

/** How old an instrument was, looked at again and again; before its first call, since the beginning. */
function agesOf(calls: readonly OhlcCall[], began: number, ended: number): number[] {
  const ages: number[] = []
  let next = 0
  let last = began
  for (let at = began; at <= ended; at += SAMPLE_MS) {
    while ((calls[next]?.at ?? Number.POSITIVE_INFINITY) <= at) last = (calls[next++] as OhlcCall).at
    ages.push(at - last)
  }
  return ages
}

const earlyCalls = (calls: readonly OhlcCall[], dueMs: number): number =>
  calls.filter(({ at }, i) => i > 0 && at - (calls[i - 1] as OhlcCall).at < dueMs).length
