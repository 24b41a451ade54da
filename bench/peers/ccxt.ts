/** ccxt's Binance with one market, and the connection that its handlers ask for. */
export interface CcxtExchange {
  readonly exchange: { handleMessage(client: object, message: unknown): void }
  readonly client: object
}

interface Binance {
  handleMessage(client: object, message: unknown): void
  setMarkets(markets: readonly object[]): void
  safeMarketStructure(market: object): object
}

/** Undefined if ccxt is not installed. */
export async function loadBinance(): Promise<CcxtExchange | undefined> {
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
      id: 'BTCUSDT',
      symbol: 'BTC/USDT',
      base: 'BTC',
      quote: 'USDT',
      baseId: 'BTC',
      quoteId: 'USDT',
      type: 'spot',
      spot: true,
      active: true,
    }),
  ])
  const client = { url: 'wss://stream.binance.com:9443/ws', subscriptions: {}, futures: {}, resolve: () => {}, reject: () => {} }
  return { exchange, client }
}
