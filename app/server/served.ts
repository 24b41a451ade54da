import type { Role } from '../../lib/src/mcp-tools/index.ts'
import type { CryptoDataPlatform } from '../../lib/src/streaming/platform/index.ts'

/** What the server needs of a platform. */
export type ServedPlatform = Pick<CryptoDataPlatform, 'store' | 'stream' | 'getStatus' | 'health' | 'rateLimits'> &
  Partial<Pick<CryptoDataPlatform, 'config' | 'toolHandles' | 'listAgents'>>

/** What the server needs of the configuration (`server:` in qicore.yaml). */
export interface ServerSettings {
  readonly host: string
  readonly port: number
  readonly token?: string | undefined
  /** Role of callers without a token on loopback; default: admin, but none where a token is set. */
  readonly loopback_role?: Role | 'none' | undefined
  /** Browser origins besides the server's own that may use it, such as https://dashboard.example.com. */
  readonly origins?: readonly string[] | undefined
  /** Most connections at once; see `CONNECTION_LIMITS` for the defaults. */
  readonly max_connections?: number | undefined
  /** Most connections at once of one address off loopback. */
  readonly max_connections_per_address?: number | undefined
}
