import type { EmbeddedPostgres } from '../../base/database/index.ts'
import type { SaslSettings, TlsSettings } from '../../base/networking/index.ts'
import type { Logger } from '../../base/types/index.ts'
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

/** The parts of the platform that launchers use. Preconditions name missing ones. */
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
  /** Distinguishes this platform from others on the same cluster; letters, digits and dashes. */
  readonly platformId?: string
  /** True if servers may only read. Default true. */
  readonly readOnly?: boolean
  /** Time limit of a program that checks generated files, in milliseconds. */
  readonly lintMs?: number
}

export interface Precondition {
  readonly name: string
  readonly ok: boolean
  readonly summary: string
  readonly remedy?: string
}

/** A prepared server, ready to start. */
export interface Launched {
  readonly spec: ServerSpec
  readonly supervision?: SupervisionOptions
  /** Warnings for the user. */
  readonly warnings?: readonly string[]
  /** Frees the launcher's own resources, after the server has stopped. */
  close?(): Promise<void>
}

/** A launcher of one official server: its preconditions, installation and start. */
export interface LauncherDefinition {
  readonly name: string
  readonly summary: string
  preconditions(context: LauncherContext): Promise<readonly Precondition[]>
  /** Called only on a user's command. */
  install?(context: LauncherContext): Promise<void>
  /** @throws QiError CONFIG_INVALID when a precondition does not hold, with its remedy */
  launch(context: LauncherContext): Promise<Launched>
}

export const defineLauncher = (definition: LauncherDefinition): LauncherDefinition => definition
