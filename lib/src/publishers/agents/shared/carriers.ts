import type { AgentParts } from '../../../base/agent/index.ts'
import type { TimescaleDBDSL } from '../../../mcp-tools/bindings/TimescaleDBMCPWrapper.ts'
import type { CoinGeckoVerbs } from '../../sources/coingecko/index.ts'

/** The provider and the store behind the verbs. */
export interface CryptoCarriers {
  /** The provider of new records; absent if only stored records are used. */
  readonly provider?: { readonly name: string; readonly verbs: CoinGeckoVerbs } | undefined
  readonly store: TimescaleDBDSL
  /** Publishes records. */
  readonly write: AgentParts['publish']
}
