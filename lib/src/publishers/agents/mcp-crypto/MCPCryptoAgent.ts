import type { z } from 'zod'
import type { AgentParts } from '../../../base/agent/index.ts'
import { TimescaleDBMCPWrapper } from '../../../mcp-tools/bindings/TimescaleDBMCPWrapper.ts'
import { CryptoMCPWrapper } from '../../sources/coingecko/index.ts'
import { CryptoDSL } from '../shared/CryptoDSL.ts'
import { MarketAgent } from '../shared/MarketAgent.ts'
import type { config } from './config.ts'

/** Watches the market by CoinGecko's official MCP server, and publishes the fetched records. */
export class MCPCryptoAgent extends MarketAgent {
  constructor(settings: z.output<typeof config>, parts: AgentParts) {
    const store = new TimescaleDBMCPWrapper(parts.mcp).verbs
    const { server, attempts } = settings
    const verbs = new CryptoMCPWrapper({ caller: parts.servers, tool: `${server}__execute`, attempts, logger: parts.logger })
    const provider = { name: `MCP server ${server}`, verbs }
    super('mcp-crypto', 'mcp-', parts, settings, new CryptoDSL({ provider, store, write: parts.publish }, settings))
  }
}
