import { type Answering, type CoinGeckoServer, startCoinGeckoServer } from '../../support/coingeckoServer.ts'

export interface OhlcCall {
  /** When it came, in milliseconds. */
  readonly at: number
  readonly weight: 1
  readonly coin: string
  /** The first part of its path: each caller has an address of its own. */
  readonly by: string
}

export interface OhlcServer extends AsyncDisposable {
  readonly server: CoinGeckoServer
  readonly calls: readonly OhlcCall[]
}

const HALF_HOUR = 1_800_000
/** The same in each answer: at the turn of a half hour no candle comes or goes in the middle of a test. */
const END = Math.floor(Date.now() / HALF_HOUR) * HALF_HOUR

/** Candles of half an hour as CoinGecko gives them, stamped with their ends; of the last `candles` half hours. */
export function ohlcBody(coin: string, candles: number, leftOut: (index: number) => boolean = () => false): string {
  const rows = Array.from({ length: candles }, (_, i) => {
    const open = `${coin.length}.${(i + 1) * 1117}`
    return [END - (candles - 1 - i) * HALF_HOUR, open, `${coin.length + 1}.5`, `${coin.length}.01`, `${coin.length}.9`].join(',')
  })
  return `[${rows
    .filter((_, i) => !leftOut(i))
    .map((row) => `[${row}]`)
    .join(',')}]`
}

/** A CoinGecko with candles of every coin, that notes when which is asked for by whom. */
export async function startOhlcServer(answer: Answering = () => undefined): Promise<OhlcServer> {
  const calls: OhlcCall[] = []
  const server = await startCoinGeckoServer({
    recordings: false,
    answer: (ask) => {
      const [, by, coin] = /^\/(?:(by-[^/]+)\/)?coins\/([^/]+)\/ohlc$/.exec(ask.path) ?? []
      if (!coin) return answer(ask)
      calls.push({ at: performance.now(), weight: 1, coin, by: by ?? '' })
      return answer(ask) ?? { body: ohlcBody(coin, 12) }
    },
  })
  return { server, calls, [Symbol.asyncDispose]: () => server.close() }
}
