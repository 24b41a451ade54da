/**
 * A delivery as a process of its own: `{"sink": "table" | "appended" | "file" | "s3"}`, the last two into the destination
 * `lake` of its configuration. Reports its stats and its partitions.
 */
import { price, recordTypes, type Subscription } from '../../lib/src/base/types/index.ts'
import { CryptoDataConsumer } from '../../lib/src/consumers/index.ts'
import { file } from '../../lib/src/consumers/sinks/file/index.ts'
import { s3 } from '../../lib/src/consumers/sinks/s3/index.ts'
import { timescaledb } from '../../lib/src/consumers/sinks/timescaledb/index.ts'
import { DeadLetters, DeliveryMember, STORE } from '../../lib/src/streaming/pipelines/index.ts'
import { deliverySettingsOf } from '../../lib/src/streaming/platform/deliveries/destinationSettings.ts'
import {
  type Destination,
  destinationsOf,
  loadConfig,
  openStoreFor,
  openStreamFor,
  Supervisor,
} from '../../lib/src/streaming/platform/index.ts'
import { appendSink } from './appendSink.ts'
import { printingLogger } from './printingLogger.ts'

const { sink: name } = JSON.parse(process.argv[2] as string) as { readonly sink: 'table' | 'appended' | 'file' | 's3' }
const stop = Promise.withResolvers<void>()
process.once('SIGTERM', () => stop.resolve())

const { config } = loadConfig()
const context = { logger: printingLogger }
await using store = await openStoreFor(config, context)
await using stream = await openStreamFor(config, store, context)
await stream.createTopics(Object.values(recordTypes).map(({ topic }) => topic))
const destinations = destinationsOf(config, { timescaledb, file, s3 })
const destination = destinations.get(name === 'file' || name === 's3' ? 'lake' : STORE) as Destination
const openSink = (signal: AbortSignal) =>
  name === 'appended'
    ? appendSink(store)
    : destination.type.open(destination.settings, {
        name: destination.name,
        pipeline: destination.name,
        store,
        logger: printingLogger,
        home: config.home,
        signal,
      })

let subscription: Subscription | undefined
const subscribe = stream.subscribe.bind(stream)
stream.subscribe = async (options) => {
  subscription = await subscribe(options)
  return subscription
}

const consumer = new DeliveryMember({
  pipeline: CryptoDataConsumer.name,
  destination: destination.name,
  topics: name === 'table' ? CryptoDataConsumer.topics : [price.topic],
  stream,
  open: openSink,
  deadLetters: new DeadLetters(stream),
  logger: printingLogger,
  settings: deliverySettingsOf(destination.name, destination.common, { unreadMs: Number.POSITIVE_INFINITY }),
})
const supervisor = new Supervisor(printingLogger)
supervisor.add('consumer', (signal) => consumer.run(signal))

const reporting = setInterval(() => {
  const assigned = subscription?.assignments().map(({ topic, partition }) => `${topic}/${partition}`) ?? []
  const { written, overwritten, waiting } = consumer.stats()
  process.send?.({ assigned, written: written + overwritten, waiting })
}, 50)
await stop.promise
clearInterval(reporting)
await supervisor.stop()
process.disconnect?.()
