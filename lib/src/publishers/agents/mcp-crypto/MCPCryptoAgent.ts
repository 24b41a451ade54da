import type { z } from 'zod'
import { type AgentParts, QiError, type RecordName } from '../../../base/index.ts'
import { type TimescaleDBDSL, TimescaleDBMCPWrapper } from '../../../mcp-tools/bindings/TimescaleDBMCPWrapper.ts'
import { CryptoMCPWrapper } from '../../sources/coingecko/index.ts'
import { CryptoDSL } from '../shared/CryptoDSL.ts'
import { MarketAgent } from '../shared/MarketAgent.ts'
import type { config } from './config.ts'

/** Watches the market through MCP servers alone: CoinGecko's official one, and our own tools. */
export class MCPCryptoAgent extends MarketAgent {
  constructor(settings: z.output<typeof config>, parts: AgentParts) {
    const store = new TimescaleDBMCPWrapper(parts.mcp).verbs
    const { server, attempts } = settings
    const verbs = new CryptoMCPWrapper({ caller: parts.servers, tool: `${server}__execute`, attempts, logger: parts.logger })
    const provider = { name: `MCP server ${server}`, verbs }
    super('mcp-crypto', 'mcp-', parts, settings, new CryptoDSL({ provider, store, write: throughTools(store) }, settings))
  }
}

/** Records in one call of a tool. */
const AT_ONCE = 500

/** Stores records by the tool; returns when they are stored. */
const throughTools =
  (store: TimescaleDBDSL): AgentParts['publish'] =>
  async (type, records) => {
    for (let at = 0; at < records.length; at += AT_ONCE) {
      const part = records.slice(at, at + AT_ONCE).map((record) => type.toWire(record))
      const { refused, refusals } = await store.insert({ type: type.name as RecordName, records: part })
      if (refused > 0)
        throw new QiError('BAD_DATA', `${refused} of ${part.length} ${type.name} records were refused: ${refusals[0]?.reason}`)
    }
  }
