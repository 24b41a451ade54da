import { fork } from 'node:child_process'
import { once } from 'node:events'
import { type Source, silentLogger, trade } from '../lib/src/base/types/index.ts'
import { CryptoDataPublisher, sourceDefinitions } from '../lib/src/publishers/index.ts'
import { startConsumer } from './consume.ts'
import { openEngines } from './engines.ts'
import { watchTrades } from './peers/ccxt.ts'

/** The way of a message: to a record of ours, to its bytes for the stream, to a trade of ccxt, or into the table. */
export type Way = 'mapped' | 'encoded' | 'ccxt' | 'stored'

export interface Reading {
  readonly way: Way
  readonly port: number
  readonly symbols: readonly string[]
  /** Trades that are not measured, at first, and those that are. */
  readonly warmUp: number
  readonly trades: number
  /** Two connections for the same data. */
  readonly twin?: boolean
  /** For stores and streams that are embedded. */
  readonly folder: string
}

export interface Read {
  readonly cpuSeconds: number
  readonly seconds: number
  /** Heap and buffers in use at the end, after a collection. */
  readonly heapBytes: number
}

/** Reads trades of a venue in a process that does nothing else. */
export async function readLive(reading: Reading): Promise<Read> {
  const child = fork(import.meta.filename, [JSON.stringify(reading)], {
    execArgv: ['--expose-gc', '--max-semi-space-size=8', '--heap-growing-percent=50'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit').then(([code]): never => {
    throw new Error(`the process that reads ended with code ${code}`)
  })
  ended.catch(() => {}) // the race below throws it
  const [read] = (await Promise.race([once(child, 'message'), ended])) as [Read]
  child.kill('SIGKILL')
  await ended.catch(() => {})
  return read
}

/** Counts trades: measures from the last one of the warm-up to the last one of all. */
class Meter {
  readonly #reading: Reading
  readonly #done = Promise.withResolvers<Read>()
  #count = 0
  #cpu: NodeJS.CpuUsage | undefined
  #at = 0

  constructor(reading: Reading) {
    this.#reading = reading
  }

  get done(): Promise<Read> {
    return this.#done.promise
  }

  add(trades: number): void {
    const { warmUp, trades: wanted } = this.#reading
    this.#count += trades
    if (!this.#cpu && this.#count >= warmUp) {
      this.#cpu = process.cpuUsage()
      this.#at = performance.now()
      this.#count = warmUp
    }
    if (!this.#cpu || this.#count < warmUp + wanted) return
    const { user, system } = process.cpuUsage(this.#cpu)
    const seconds = (performance.now() - this.#at) / 1000
    globalThis.gc?.()
    const { heapUsed, external } = process.memoryUsage()
    this.#done.resolve({ cpuSeconds: (user + system) / 1e6, seconds, heapBytes: heapUsed + external })
  }
}

async function openBinance({ port, symbols, twin = false }: Reading): Promise<Source> {
  const definition = sourceDefinitions.binance
  if (!definition) throw new Error('there is no source binance')
  const settings = definition.config.parse({
    symbols,
    channels: ['trades'],
    fill: 'none',
    twin,
    gb_per_day: 1e6,
    rest_url: `http://127.0.0.1:${port}`,
    ws_url: `ws://127.0.0.1:${port}/stream`,
  })
  return definition.open(settings as never, { name: 'binance', logger: silentLogger })
}

async function storeAll(reading: Reading, meter: Meter): Promise<void> {
  const engines = await openEngines(reading.folder)
  const source = await openBinance(reading)
  const { store, stream } = engines
  await stream.createTopics([trade.topic])
  const consumer = await startConsumer(store, stream, `live-${process.pid}`, trade.topic)
  const publisher = new CryptoDataPublisher({ source, stream, logger: silentLogger })
  let counted = 0
  setInterval(() => {
    const { rows } = consumer
    meter.add(rows - counted)
    counted = rows
  }, 5)
  await Promise.race([publisher.run(), consumer.failed])
}

async function pull(reading: Reading, meter: Meter): Promise<void> {
  for await (const { type, records } of await openBinance(reading)) {
    if (type.name !== trade.name) continue
    if (reading.way === 'encoded') for (const record of records) Buffer.byteLength(type.encodeChecked(record))
    meter.add(records.length)
  }
}

if (process.argv[1] === import.meta.filename) {
  const reading = JSON.parse(process.argv[2] ?? '') as Reading
  process.on('disconnect', () => process.exit(1))
  const meter = new Meter(reading)
  const { way, port, symbols } = reading
  const reads = {
    ccxt: () => watchTrades(port, symbols[0] as string, () => meter.add(1)),
    stored: () => storeAll(reading, meter),
    mapped: () => pull(reading, meter),
    encoded: () => pull(reading, meter),
  }[way]
  reads().catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
  process.send?.(await meter.done)
}
