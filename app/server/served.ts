import type { Role } from '../../lib/src/mcp-tools/index.ts'
import type { CryptoDataPlatform } from '../../lib/src/streaming/platform/index.ts'

/** The part of a platform that the server uses. */
export type ServedPlatform = Pick<CryptoDataPlatform, 'store' | 'stream' | 'getStatus' | 'health' | 'rateLimits'> &
  Partial<Pick<CryptoDataPlatform, 'config' | 'toolHandles' | 'listAgents'>>

/** The settings `server:` in qicore.yaml. */
export interface ServerSettings {
  readonly host: string
  readonly port: number
  readonly token?: string | undefined
  /** Role of callers without a token on loopback; default: admin, or none if a token is set. */
  readonly loopback_role?: Role | 'none' | undefined
  /** Browser origins besides the server's own that may use it, such as https://dashboard.example.com. */
  readonly origins?: readonly string[] | undefined
  /** Most connections at once; see `CONNECTION_LIMITS` for the defaults. */
  readonly max_connections?: number | undefined
  /** Most connections at once of one address, except loopback. */
  readonly max_connections_per_address?: number | undefined
}
