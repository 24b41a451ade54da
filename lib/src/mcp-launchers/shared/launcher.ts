import type { EmbeddedPostgres, Logger, SaslSettings, TlsSettings } from '../../base/index.ts'
import type { ServerSpec } from './spec.ts'
import type { SupervisionOptions } from './supervision.ts'

/** The cluster as the platform reaches it. */
export interface RedpandaCluster {
  readonly brokers: readonly string[]
  readonly tls: TlsSettings
  readonly sasl: SaslSettings
  readonly registry?: {
    /** Without user and password. */
    readonly url: string
    readonly username?: string | undefined
    readonly password?: string | undefined
    readonly tls: TlsSettings
  }
}

/** The database server, where it is the platform's own. */
export type OwnServer = Pick<EmbeddedPostgres, 'asSuperuser' | 'confine'>

/** What launchers know of the platform; what a launcher lacks of it, its preconditions say. */
export interface LauncherContext {
  /** Where servers are installed, a folder each. */
  readonly serversFolder: string
  readonly logger: Logger
  /** Our own environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal | undefined
  /** The API of CoinGecko, and the headers that carry the key of the account. */
  readonly coingecko?: { readonly baseUrl: string; readonly headers: Readonly<Record<string, string>> }
  /** The URL of the store, in a role that may create one. */
  readonly databaseUrl?: string
  /** The server of the store, where it is ours. */
  readonly server?: OwnServer
  /** The cluster, with what is needed to sign in to it and to its schema registry. */
  readonly redpanda?: RedpandaCluster
  /** Tells this platform from others on the same cluster; letters, digits and dashes. */
  readonly platformId?: string
  /** Whether what a server may do ends at reading. Default true. */
  readonly readOnly?: boolean
  /** How long a program may take to check what was written for it, in milliseconds. */
  readonly lintMs?: number
}

export interface Precondition {
  readonly name: string
  readonly ok: boolean
  readonly summary: string
  readonly remedy?: string
}

/** What runs once a launcher has prepared it. */
export interface Launched {
  readonly spec: ServerSpec
  readonly supervision?: SupervisionOptions
  /** What its user should know. */
  readonly warnings?: readonly string[]
  /** Ends what the launcher itself holds, after the server has stopped. */
  close?(): Promise<void>
}

/** One manifest: what an official server needs, how it is installed, and how it is started. */
export interface LauncherDefinition {
  readonly name: string
  readonly summary: string
  preconditions(context: LauncherContext): Promise<readonly Precondition[]>
  /** Only ever called when a person asks for it. */
  install?(context: LauncherContext): Promise<void>
  /** @throws QiError CONFIG_INVALID when a precondition does not hold, with its remedy */
  launch(context: LauncherContext): Promise<Launched>
}

export const defineLauncher = (definition: LauncherDefinition): LauncherDefinition => definition
