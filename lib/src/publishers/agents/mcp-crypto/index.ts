import { defineAgent } from '../../../base/agent/index.ts'
import { config } from './config.ts'
import { MCPCryptoAgent } from './MCPCryptoAgent.ts'

export const mcpCrypto = defineAgent({
  name: 'mcp-crypto',
  summary: "Watches the market like crypto-market, through MCP servers alone: CoinGecko's official one and our tools",
  config,
  create: (settings, parts) => new MCPCryptoAgent(settings, parts),
})
