import { server as coingecko } from './coingecko/npmServer.ts'
import { archived, server as postgres } from './postgres/npmServers.ts'
import type { NpmServer } from './shared/npmPackage.ts'

/** The servers that `qicore mcp install` takes from npm. */
export const npmServers: readonly NpmServer[] = [coingecko, postgres, archived]
