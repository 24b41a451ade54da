import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, type Store } from '../../lib/src/base/database/index.ts'
import { type Stream, silentLogger } from '../../lib/src/base/types/index.ts'
import { loadConfig, openStreamFor } from '../../lib/src/streaming/platform/index.ts'
import { type PlatformProcess, startPlatform } from '../support/platformProcess.ts'
import { startKafka } from '../support/run/broker.ts'
import { INTERVAL_MS } from './freshness.ts'

export const MODES = ['embedded', 'kafka'] as const
export type Mode = (typeof MODES)[number]

const CONFIG = `sources: { simulated: { interval_ms: ${INTERVAL_MS} } }
`

export interface Running extends AsyncDisposable {
  /** `qicore up`. */
  readonly platform: PlatformProcess
  /** Of this process, on the same engines. */
  readonly store: Store
  readonly stream: Stream
}

/** The platform in a process of its own on an embedded PostgreSQL and, with `kafka`, on REDPANDA_BROKERS or a broker of its own. */
export async function start(mode: Mode): Promise<Running> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'qicore-soak-'))
  await chmod(folder, 0o755) // the PostgreSQL user has to get in
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }))
  await writeFile(join(folder, 'qicore.yaml'), CONFIG)
  const home = join(folder, '.qicore')
  const store = stack.use(await openStore({ home }))
  const brokers = mode === 'kafka' ? (process.env.REDPANDA_BROKERS ?? (await ownBroker(stack))) : undefined
  const env = { QICORE_HOME: home, ...(brokers && { REDPANDA_BROKERS: brokers }) }
  const { config } = loadConfig({ cwd: folder, env })
  const stream = stack.use(await openStreamFor(config, store, { logger: silentLogger }))
  const platform = await startPlatform(folder, env)
  stack.defer(() => platform.kill9())
  const owned = stack.move()
  return { platform, store, stream, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

async function ownBroker(stack: AsyncDisposableStack): Promise<string> {
  const kafka = await startKafka()
  stack.defer(() => kafka.stop())
  return kafka.brokers
}
