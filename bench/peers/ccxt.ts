/** ccxt's Binance with one market, and the connection that its handlers ask for. */
export interface CcxtExchange {
  readonly exchange: { handleMessage(client: object, message: unknown): void }
  readonly client: object
}

interface Binance {
  readonly urls: { readonly api: { readonly ws: Record<string, unknown> } }
  /** Needed before an address without TLS. */
  loadHttpProxyAgent(): Promise<object>
  watchTrades(symbol: string): Promise<readonly object[]>
  handleMessage(client: object, message: unknown): void
  setMarkets(markets: readonly object[]): void
  safeMarketStructure(market: object): object
}

/** Undefined if ccxt is not installed. */
export async function loadBinance(): Promise<CcxtExchange | undefined> {
  const exchange = await openBinance('BTC')
  if (!exchange) return undefined
  const client = { url: 'wss://stream.binance.com:9443/ws', subscriptions: {}, futures: {}, resolve: () => {}, reject: () => {} }
  return { exchange, client }
}

/**
 * Takes trades of `…USDT` from a socket for as long as the process runs, as its users do.
 * @param onTrade called after each message
 */
export async function watchTrades(port: number, symbol: string, onTrade: () => void): Promise<void> {
  const base = symbol.slice(0, -'USDT'.length)
  const exchange = await openBinance(base)
  if (!exchange) throw new Error('ccxt is not installed')
  exchange.urls.api.ws.spot = `ws://127.0.0.1:${port}/ws`
  await exchange.loadHttpProxyAgent()
  const handle = exchange.handleMessage.bind(exchange)
  exchange.handleMessage = (client, message) => {
    handle(client, message)
    onTrade()
  }
  for (;;) await exchange.watchTrades(`${base}/USDT`)
}

/** An exchange that knows one market, in USDT. */
async function openBinance(base: string): Promise<Binance | undefined> {
  let Exchange: new (options: object) => Binance
  try {
    const entry = import.meta.resolve('ccxt')
    Exchange = (
      (await import(new URL('./src/pro/binance.js', entry).href)) as { readonly default: new (options: object) => Binance }
    ).default
  } catch {
    return undefined
  }
  const exchange = new Exchange({ enableRateLimit: false })
  exchange.setMarkets([
    exchange.safeMarketStructure({
      id: `${base}USDT`,
      symbol: `${base}/USDT`,
      base,
      quote: 'USDT',
      baseId: base,
      quoteId: 'USDT',
      type: 'spot',
      spot: true,
      active: true,
    }),
  ])
  return exchange
}
