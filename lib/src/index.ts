// The names that most programs need. The rest is grouped by layer, an entry point each: `qicore/types`, `/networking`, `/database`, `/drizzle`,
// `/segments`, `/alerts`, `/agent`, `/streaming`, `/publishers`, `/consumers`, `/mcp`, `/mcp-launchers` and `/platform`.

export { BaseAgent, defineAgent, defineTool, defineWorkflow, MCPWrapper } from './base/agent/index.ts'
export { CryptoFinancialDSL, DrizzleClient, openStore, type Store, TimescaleClient } from './base/database/index.ts'
export {
  type Alert,
  alert,
  type Book,
  book,
  type CorporateAction,
  corporateAction,
  type Decimal,
  decimal,
  defineSink,
  defineSource,
  type ErrorCode,
  formatTime,
  type Indicator,
  type Instrument,
  indicator,
  instrument,
  type Logger,
  type MarketAnalytics,
  type Micros,
  marketAnalytics,
  nowMicros,
  type Observation,
  type Ohlcv,
  observation,
  ohlcv,
  type Price,
  parseTime,
  price,
  QiError,
  type Quote,
  quote,
  type Sink,
  type Source,
  type Stream,
  silentLogger,
  type Trade,
  type Trending,
  toQiError,
  trade,
  trending,
} from './base/types/index.ts'
export { AnalyticsConsumer, CryptoDataConsumer, OHLCVConsumer, PriceConsumer } from './consumers/index.ts'
export {
  MCPServerManager,
  OfficialCoinGeckoMCPLauncher,
  OfficialPostgresMCPLauncher,
  OfficialRedpandaMCPLauncher,
} from './mcp-launchers/index.ts'
export { CoinGeckoClient, CoinGeckoDSL, CryptoDataPublisher, CryptoMCPWrapper } from './publishers/index.ts'
export { openEmbeddedStream, openRedpanda, type RedpandaClient, RedpandaConfig } from './streaming/index.ts'
export {
  CryptoDataPlatform,
  loadConfig,
  openStoreFor,
  openStreamFor,
  type PlatformConfig,
  type PlatformOptions,
} from './streaming/platform/index.ts'
