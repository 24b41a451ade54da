import { Pools } from '../networking/pools.ts'
import { type QiError, silentLogger } from '../types/index.ts'
import { ControlConnection } from './control.ts'
import { openEmbeddedPostgres } from './embedded/open.ts'
import type { EmbeddedPostgres } from './embedded/types.ts'
import type { Pool, PoolOptions } from './pool.ts'
import { placeOf, type StoreConfig } from './storeConfig.ts'

/** The parts that every store has, however it is used: a server, pools on it, and the order in which all is closed. */
export interface Opening {
  readonly engine: 'embedded' | 'external'
  /** The server, where it is ours. */
  readonly embedded: EmbeddedPostgres | undefined
  /** Its address now. */
  readonly url: () => string
  /** Of the database, for people. */
  readonly place: string
  readonly pools: Pools
  readonly control: ControlConnection
  /** Brings the server back, where it is ours. */
  readonly recover: (() => Promise<void>) | undefined
  makePool(options?: PoolOptions): Pool
  /** Called with the new address where the server has moved. */
  onMoved(move: (url: string) => void): void
  /** Added last is closed first. */
  onClose(step: () => Promise<void>): void
  /** May be called twice. */
  close(): Promise<void>
}

/** @param address undefined starts the embedded server. No connection is made to any other. @throws QiError */
export async function beginOpening(config: StoreConfig, address: string | undefined): Promise<Opening> {
  const pools = new Pools()
  const moves: ((url: string) => void)[] = [(to) => pools.repoint(to)]
  const repoint = (to: string) => {
    for (const move of moves) move(to)
  }
  const embedded = address === undefined ? await openEmbeddedPostgres({ ...config, onMoved: repoint }) : undefined
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
    place: embedded?.dataFolder ?? placeOf(url()),
    pools,
    control,
    recover:
      embedded &&
      (async () => {
        await embedded.ensureRunning()
        repoint(embedded.url)
      }),
    makePool(options = {}) {
      const onLost = (error: QiError) => log.debug({ error: error.message }, 'a database connection was lost')
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
