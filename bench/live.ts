import type { BenchContext } from './context.ts'
import { type Read, type Reading, readLive, type Way } from './liveReader.ts'
import { liveSymbols, startLiveVenue } from './liveVenue.ts'
import { median } from './rounds.ts'

const TRADES = 200_000
const WARM_UP = 100_000
const PER_SECOND = 5000
const SYMBOLS = 500
const SECONDS = 10

const WAYS: Readonly<Partial<Record<Way, string>>> = {
  mapped: 'ours, socket → record',
  encoded: 'ours, socket → record → bytes for the stream',
  ccxt: 'ccxt, watchTrades',
}

/** Trades of one symbol from a WebSocket that is always full, each way in a process of its own, in turn. */
export async function measureSocket({ rounds, note, folder }: BenchContext, withCcxt: boolean): Promise<string[]> {
  const symbols = liveSymbols(1)
  await using venue = await startLiveVenue({ symbols })
  const names = Object.entries(WAYS).filter(([way]) => withCcxt || way !== 'ccxt') as [Way, string][]
  const rates = new Map(names.map(([way]) => [way, [] as number[]]))
  for (let round = 1; round <= rounds; round++)
    for (const [way, name] of names) {
      const { cpuSeconds } = await readLive({ way, port: venue.port, symbols, warmUp: WARM_UP, trades: TRADES, folder })
      rates.get(way)?.push(TRADES / cpuSeconds)
      note(`round ${round}/${rounds} ${name}: ${Math.round(TRADES / cpuSeconds)} trades per CPU second`)
    }
  const base = rates.get('ccxt')
  return [
    '| a full socket | trades per CPU second | ÷ ccxt in the same round |',
    '|---|---|---|',
    ...names.map(([way, name]) => {
      const own = rates.get(way) ?? []
      const ratio = base ? median(own.map((rate, i) => rate / (base[i] as number))).toFixed(1) : '–'
      return `| ${name} | ${Math.round(median(own)).toLocaleString('en')} | ${ratio} |`
    }),
  ]
}

/** Many symbols at a steady rate of all together: the share of a core, and what one more symbol takes of the heap. */
export async function measureSymbols({ note, folder }: BenchContext): Promise<string[]> {
  const [stored, held, one] = [
    await steady({ way: 'stored', symbols: SYMBOLS, twin: true, folder }),
    await steady({ way: 'encoded', symbols: SYMBOLS, twin: true, folder }),
    await steady({ way: 'encoded', symbols: 1, twin: true, folder }),
  ]
  note(`${SYMBOLS} symbols: ${JSON.stringify({ stored, held, one })}`)
  const share = ({ cpuSeconds, seconds }: Read) => `${Math.round((cpuSeconds / seconds) * 100)} % of a core`
  const kilobytes = (held.heapBytes - one.heapBytes) / (SYMBOLS - 1) / 1000
  return [
    `${SYMBOLS} symbols, ${PER_SECOND.toLocaleString('en')} trades a second of all together, each twice over two connections: ${share(held)} from the sockets to bytes, ${share(stored)} from the sockets through the stream into the table (PostgreSQL not counted); ${kilobytes.toFixed(1)} kB of heap a symbol.`,
  ]
}

async function steady({
  symbols: count,
  ...reading
}: Pick<Reading, 'way' | 'twin' | 'folder'> & { symbols: number }): Promise<Read> {
  const symbols = liveSymbols(count)
  await using venue = await startLiveVenue({ symbols, perSecond: PER_SECOND })
  return readLive({ ...reading, port: venue.port, symbols, warmUp: 3 * PER_SECOND, trades: SECONDS * PER_SECOND })
}
