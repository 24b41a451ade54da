import { setTimeout } from 'node:timers/promises'
import { COINS } from '../../lib/src/publishers/sources/simulated/coins.ts'
import { until } from '../support/until.ts'
import { type Mode, type Running, start } from './engines.ts'
import { type Asked, Freshness } from './freshness.ts'
import { comeAndGo, listen, produce, read, readable, SOURCE } from './load.ts'
import { type Sample, sample } from './sample.ts'
import { type Judged, judge, MEASURES } from './verdict.ts'

export interface SoakOptions {
  readonly mode: Mode
  readonly seconds: number
  /** Records a second, beside those of the simulated market. */
  readonly rate: number
  /** Called with each sample. */
  readonly sampled?: (sample: Sample, freshness: Freshness) => void
}

export interface Soaked {
  readonly seconds: number
  readonly load: { readonly records: number; readonly reads: number; readonly sent: number; readonly clients: number }
  /** The share of time in which latest prices were fresh, from 0 to 1, and the greatest age of one. */
  readonly fresh: { readonly share: number; readonly oldestMs: number }
  readonly samples: readonly Sample[]
  readonly judged: readonly Judged[]
  readonly problems: readonly string[]
}

const SAMPLE_MS = 2000
const ASK_MS = 100
const CLIENT_STAYS_MS = 5000

/** The platform under a steady load for a while, and what grew meanwhile. */
export async function soak({ mode, seconds, rate, sampled = () => {} }: SoakOptions): Promise<Soaked> {
  await using running = await start(mode)
  const { platform, stream } = running
  const { url } = platform
  const names = COINS.map(({ id }) => id)
  await until(async () => (await ask(url)).times?.length === names.length, 'a price of each coin')

  const stop = new AbortController()
  const { signal } = stop
  let sent = Number.NaN
  const staying = listen(url, signal, (records) => {
    sent = records
  })
  staying.catch(() => {})
  await until(() => sent === 0, 'the WebSocket client that stays to listen')
  const enough = new AbortController()
  const producing = produce(stream, rate, enough.signal)
  producing.catch(() => {})
  await readable(url)

  const began = performance.now()
  const freshness = new Freshness(names.length)
  const samples: Sample[] = []
  const parts = [
    producing,
    read(url, signal),
    staying,
    comeAndGo(url, CLIENT_STAYS_MS, signal),
    every(ASK_MS, signal, async () => freshness.add(await ask(url))),
    every(SAMPLE_MS, signal, async () => {
      const found = await sample(platform, (performance.now() - began) / 1000)
      samples.push(found)
      sampled(found, freshness)
    }),
  ] as const
  const working = Promise.all(parts)
  try {
    await Promise.race([setTimeout(seconds * 1000, undefined, { signal }), working])
    enough.abort()
    const records = await producing
    await until(() => sent >= records, 'the last records to be sent').catch(() => {}) // is told below
  } finally {
    enough.abort()
    stop.abort()
    await Promise.allSettled(parts)
  }
  const [records, reads, , clients] = await working
  const problems = [
    ...reads.bad.slice(0, 5).map((answer) => `of ${reads.bad.length} reads without an answer of 200: ${answer}`),
    sent < records && `the WebSocket client that stayed was sent ${sent} of ${records} records`,
    ...(await stored(running, records)),
  ].filter((problem) => problem !== false)
  const judged = MEASURES.map((measure) => judge(measure, samples, { rate }))
  return {
    seconds: Math.round((performance.now() - began) / 1000),
    load: { records, reads: reads.count, sent, clients },
    fresh: { share: freshness.share, oldestMs: freshness.oldestMs },
    samples,
    judged,
    problems: [...judged.filter(({ grows }) => grows).map(({ name }) => `${name} grows`), ...problems],
  }
}

/** Latest prices of the simulated market. */
async function ask(url: string): Promise<Asked> {
  try {
    const response = await fetch(`${url}/api/v1/prices/latest?sources=simulated`)
    const { items } = (await response.json()) as { readonly items?: readonly { readonly time: string }[] }
    const at = Date.now()
    return { at, ...(items && { times: items.map(({ time }) => Date.parse(time)) }) }
  } catch {
    return { at: Date.now() }
  }
}

async function every(ms: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await work()
    await setTimeout(ms)
  }
}

/** Ends the platform, which drains; then each record that was appended is stored. */
async function stored({ platform, store }: Running, records: number): Promise<string[]> {
  const code = await platform.stop()
  const { rows } = await store.pool.query<{ count: string }>('select count(*) from crypto_prices where source = $1', [SOURCE])
  const count = Number(rows[0]?.count)
  return [
    ...(code === 0 ? [] : [`the platform ended with code ${code}:\n${platform.output().slice(-4000)}`]),
    ...(count === records ? [] : [`${count} records are stored, ${records} were appended`]),
  ]
}
