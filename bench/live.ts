import type { BenchContext } from './context.ts'
import { readLive, type Way } from './liveReader.ts'
import { liveSymbols, startLiveVenue } from './liveVenue.ts'
import { median } from './rounds.ts'

const TRADES = 200_000
const WARM_UP = 100_000

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
