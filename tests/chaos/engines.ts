import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../bench/freePort.ts'
import { openStore, type Store } from '../../lib/src/base/database/index.ts'
import { type Stream, silentLogger } from '../../lib/src/base/types/index.ts'
import { loadConfig, openStreamFor } from '../../lib/src/streaming/platform/index.ts'
import { kill9Postgres } from '../support/kill9.ts'
import { type Kafka, startKafka } from '../support/run/broker.ts'
import { Network } from './network.ts'

export const MODES = ['embedded', 'kafka'] as const
export type Mode = (typeof MODES)[number]

/** How a process comes to the embedded PostgreSQL: as one of its home, who starts it again where it is gone, or through a network. */
export type Way = 'home' | 'network'

/** Engines of our own with a network before each, and a view of them from this side of it. */
export interface Engines extends AsyncDisposable {
  readonly mode: Mode
  /** A folder for projects; removed at the end. */
  readonly folder: string
  readonly store: Store
  readonly stream: Stream
  readonly networks: { readonly postgres: Network; readonly broker?: Network }
  /** Environment of a process that uses them. */
  environment(way: Way): Readonly<Record<string, string>>
  /** Ends it and returns when it serves again. */
  killPostgres(): Promise<void>
  killBroker(): Promise<void>
}

/** @param parent the folder in which they keep everything; that of temporary files unless given */
export async function openEngines(mode: Mode, parent = tmpdir()): Promise<Engines> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(parent, 'qicore-chaos-'))
  await chmod(folder, 0o755) // the PostgreSQL user has to get in
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }))

  const home = join(folder, 'home')
  const store = stack.use(await openStore({ home }))
  const server = store.embedded!
  const postgres = stack.use(await Network.open(() => ({ host: '127.0.0.1', port: Number(new URL(server.url).port) })))
  const { kafka, broker } = mode === 'kafka' ? await openBroker(stack) : {}
  const direct = { QICORE_HOME: home, ...(kafka && { REDPANDA_BROKERS: kafka.brokers }) }
  const { config } = loadConfig({ cwd: folder, env: direct })
  const stream = stack.use(await openStreamFor(config, store, { logger: silentLogger }))

  const owned = stack.move()
  return {
    mode,
    folder,
    store,
    stream,
    networks: { postgres, ...(broker && { broker }) },
    environment: (way) => {
      const url = new URL(server.url)
      url.port = String(postgres.port)
      return {
        QICORE_HOME: home,
        ...(way === 'network' && { DATABASE_URL: url.href }),
        ...(broker && { REDPANDA_BROKERS: `127.0.0.1:${broker.port}` }),
      }
    },
    killPostgres: async () => {
      await kill9Postgres(server.dataFolder)
      await server.ensureRunning()
    },
    killBroker: async () => {
      await kafka?.kill9()
      await kafka?.restart()
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** A broker that tells who comes through the network to stay on that way, and others to come directly. */
async function openBroker(stack: AsyncDisposableStack): Promise<{ readonly kafka: Kafka; readonly broker: Network }> {
  const [direct, behind, controller] = [await freePort(), await freePort(), await freePort()]
  const broker = stack.use(await Network.open(() => ({ host: '127.0.0.1', port: behind })))
  const at = (name: string, port: number) => `${name}://127.0.0.1:${port}`
  const kafka = await startKafka({
    port: direct,
    properties: {
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      listeners: [at('PLAINTEXT', direct), at('NETWORK', behind), at('CONTROLLER', controller)].join(','),
      'advertised.listeners': [at('PLAINTEXT', direct), at('NETWORK', broker.port)].join(','),
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,NETWORK:PLAINTEXT,CONTROLLER:PLAINTEXT',
    },
  })
  stack.defer(() => kafka.stop())
  return { kafka, broker }
}

/** A folder with this configuration. */
export async function project(folder: string, name: string, config: string): Promise<string> {
  const made = await mkdtemp(join(folder, `${name}-`))
  await writeFile(join(made, 'qicore.yaml'), config)
  return made
}
