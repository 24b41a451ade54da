import type { z } from 'zod'
import type { AgentParts } from '../../../base/agent/index.ts'
import { TimescaleDBMCPWrapper } from '../../../mcp-tools/bindings/TimescaleDBMCPWrapper.ts'
import { openCoinGeckoDSL } from '../../sources/coingecko/index.ts'
import { CryptoDSL } from '../shared/CryptoDSL.ts'
import { MarketAgent } from '../shared/MarketAgent.ts'
import { type config, STORED } from './config.ts'

/** Watches the market by stored records; with the setting `fetch` also by CoinGecko's API, whose records it publishes. */
export class CryptoMarketAgent extends MarketAgent {
  constructor(settings: z.output<typeof config>, parts: AgentParts) {
    const store = new TimescaleDBMCPWrapper(parts.mcp).verbs
    const provider =
      settings.fetch === STORED
        ? undefined
        : { name: settings.fetch, verbs: openCoinGeckoDSL(parts.platform.sourceParts(settings.fetch)) }
    super('crypto-market', '', parts, settings, new CryptoDSL({ provider, store, write: parts.publish }, settings))
  }
}
