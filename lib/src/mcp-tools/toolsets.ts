import type { ToolDefinition } from '../base/agent/index.ts'
import { storeCryptoPrices } from './consumer/store_crypto_prices.ts'
import { tools } from './index.gen.ts'
import { streamCryptoData } from './publisher/stream_crypto_data.ts'

const toolsOf = (name: string): readonly ToolDefinition[] => tools.filter(({ set }) => set === name)

export const CryptoDataTools = toolsOf('CryptoDataTools')
export const TimescaleTools = toolsOf('TimescaleTools')
export const TimescaleDBFinancialTools = toolsOf('TimescaleDBFinancialTools')
export const AnalyticsTools = toolsOf('AnalyticsTools')
export const RedpandaTools = toolsOf('RedpandaTools')

export { storeCryptoPrices as StoreCryptoPricesTool, streamCryptoData as StreamCryptoDataTool }
