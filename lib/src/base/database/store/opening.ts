import { type QiError, silentLogger } from '../../types/index.ts'
import { ControlConnection } from '../connections/ControlConnection.ts'
import { Pools } from '../connections/Pools.ts'
import type { Pool, PoolOptions } from '../connections/pool.ts'
import { openEmbeddedPostgres } from '../embedded/open.ts'
import type { EmbeddedPostgres } from '../embedded/types.ts'
import { displayAddress, type StoreConfig } from './storeConfig.ts'

/** Parts that every store has, in read mode too: a server, its pools, and an ordered close. */
export interface Opening {
  readonly engine: 'embedded' | 'external'
  /** The embedded server, if it is used. */
  readonly embedded: EmbeddedPostgres | undefined
  /** The current address of the server. */
  readonly url: () => string
  /** The database's folder, or host and name, for people. */
  readonly place: string
  readonly pools: Pools
  readonly control: ControlConnection
  /** Restarts the embedded server; undefined for an external one. */
  readonly recover: (() => Promise<void>) | undefined
  makePool(options?: PoolOptions): Pool
  /** Registers a callback for a new address of the server. */
  onMoved(move: (url: string) => void): void
  /** Registers a step of close(); the last one added runs first. */
  onClose(step: () => Promise<void>): void
  /** May be called twice. */
  close(): Promise<void>
}

/** Starts the embedded server if `address` is undefined; makes no connection to an external one. @throws QiError */
export async function beginOpening(config: StoreConfig, address: string | undefined): Promise<Opening> {
  const pools = new Pools()
  const moves: ((url: string) => void)[] = [(to) => pools.repoint(to)]
  const repoint = (to: string) => {
    for (const move of moves) move(to)
  }
  const embedded =
    address === undefined ? await openEmbeddedPostgres({ ...config, port: config.embeddedPort, onMoved: repoint }) : undefined
  const url = () => embedded?.url ?? (address as string)
  const control = new ControlConnection(url)
  const closers: (() => Promise<void>)[] = [...(embedded ? [() => embedded.close()] : []), () => control.close()]
  const log = config.logger ?? silentLogger
  let made = 0
  let closing: Promise<void> | undefined
  return {
    engine: embedded ? 'embedded' : 'external',
    embedded,
    url,
    place: embedded?.dataFolder ?? displayAddress(url()),
    pools,
    control,
    recover:
      embedded &&
      (async () => {
        await embedded.ensureRunning()
        repoint(embedded.url)
      }),
    makePool(options = {}) {
      const onLost = (error: QiError) => log.debug({ err: error }, 'a database connection was lost')
      const { applicationName = config.applicationName ?? 'qicore' } = options
      return pools.open(`${applicationName} ${++made}`, url(), { applicationName, onLost, setting: 'DATABASE_URL', ...options })
    },
    onMoved: (move) => moves.push(move),
    onClose: (step) => closers.push(step),
    close() {
      closing ??= closeAll([...closers, () => pools.close()])
      return closing
    },
  }
}

async function closeAll(steps: readonly (() => Promise<void>)[]): Promise<void> {
  for (const step of steps.toReversed()) await step()
}
