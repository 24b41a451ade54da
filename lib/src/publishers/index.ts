export { publisherAgents } from './agents/index.gen.ts'
export { CryptoDataPublisher, type PublisherParts } from './CryptoDataPublisher.ts'
export * from './files/index.ts'
export type { PublisherOptions } from './options.ts'
export { mapperOf as binanceMapper } from './sources/binance/parse/live.ts'
export { CoinGeckoClient, type CoinGeckoConfig, CoinGeckoDSL, CryptoMCPWrapper, PLANS } from './sources/coingecko/index.ts'
export { FredClient, type FredClientOptions } from './sources/fred/index.ts'
export { sourceDefinitions } from './sources/index.gen.ts'
export {
  openTwelveDataDSL,
  TWELVEDATA_PLANS,
  TwelveDataClient,
  type TwelveDataConfig,
  TwelveDataDSL,
} from './sources/twelvedata/index.ts'
export * from './venue/book/index.ts'
export { Instruments as VenueInstruments } from './venue/Instruments.ts'
