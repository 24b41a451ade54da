import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { trade } from '../../lib/src/base/types/index.ts'
import { binanceMapper, VenueInstruments } from '../../lib/src/publishers/index.ts'
import { measureBooks } from '../books.ts'
import type { BenchContext } from '../context.ts'
import { measureSocket } from '../live.ts'
import { type CcxtExchange, loadBinance } from '../peers/ccxt.ts'

const OURS_MAPPED = 'ours, mapped'
const OURS_ENCODED = 'ours, mapped, checked and encoded'
const CCXT = 'ccxt, parsed and handled'
const SYMBOL = { symbol: 'BTCUSDT', coinId: 'BTC/USDT', base: 'BTC', quote: 'USDT', active: true } as const

/**
 * Messages of trades of Binance per CPU second: ours and ccxt's, on the same texts and from the same socket, in interleaved rounds; the cost
 * of an order book.
 */
export async function venues(context: BenchContext): Promise<string> {
  const { rounds, note } = context
  const frames = recordedFrames()
  const texts = frames.filter((text) => text.includes('@trade"'))
  const repeats = Math.ceil(100_000 / texts.length)
  const mapper = binanceMapper({ source: 'binance', instruments: new VenueInstruments([SYMBOL]) })
  const map = (text: string) => {
    const mapped = mapper(text, NOW)
    return mapped?.kind === 'trades' ? (mapped.records as Parameters<typeof trade.encodeChecked>[0][]) : []
  }
  const exchange = await loadBinance()
  const ways: Readonly<Record<string, (text: string) => void>> = {
    [OURS_MAPPED]: (text) => {
      map(text)
    },
    [OURS_ENCODED]: (text) => {
      for (const record of map(text)) trade.encodeChecked(record)
    },
    ...(exchange && { [CCXT]: (text: string) => handle(exchange, text) }),
  }
  const rates = new Map(Object.keys(ways).map((name) => [name, [] as number[]]))
  for (let round = 0; round <= rounds; round++)
    for (const [name, way] of Object.entries(ways)) {
      const rate =
        (repeats * texts.length) /
        cpuSeconds(() => {
          for (let i = 0; i < repeats; i++) for (const text of texts) way(text)
        })
      // The first round warms up.
      if (round > 0) rates.get(name)?.push(rate)
      note(`${name}: ${Math.round(rate)} messages per CPU second`)
    }
  const median = (name: string) => rates.get(name)?.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0
  const base = median(CCXT)
  const rows = Object.keys(ways).map((name) => {
    const rate = median(name)
    return `| ${name} | ${Math.round(rate).toLocaleString('en')} | ${base ? (rate / base).toFixed(1) : '–'} |`
  })
  const book = measureBooks(frames)
  return [
    `## Trades of Binance, ${texts.length.toLocaleString('en')} recorded messages`,
    '',
    '| way | messages per CPU second | ÷ ccxt |',
    '|---|---|---|',
    ...rows,
    ...(exchange ? [] : ['', 'Without ccxt, which is not installed.']),
    '',
    ...(await measureSocket(context, exchange !== undefined)),
    '',
    `Order book of BTCUSDT: ${book.microsPerDelta.toFixed(1)} µs a message of ${book.changes.toFixed(0)} changes, ${Math.round(book.bytesPerBook / 1000)} kB of heap.`,
  ].join('\n')
}

const NOW = Date.now() * 1000

/** Texts of one instrument: a folder of recordings is named by QICORE_TEST_DATA. */
function recordedFrames(): readonly string[] {
  const folder = process.env.QICORE_TEST_DATA ?? ''
  return gunzipSync(readFileSync(join(folder, 'binance-spot-ws/btcusdt_20240808.gz')))
    .toString()
    .split('\n')
    .map((line) => line.slice(line.indexOf(' ') + 1))
    .filter(Boolean)
}

function handle({ exchange, client }: CcxtExchange, text: string): void {
  exchange.handleMessage(client, JSON.parse(text))
}

function cpuSeconds(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
