import { type Store, silentLogger } from '../../../lib/src/base/index.ts'
import { sinkDefinitions } from '../../../lib/src/consumers/index.ts'
import { STORE } from '../../../lib/src/streaming/index.ts'
import { type Destination, destinationsOf, type PlatformConfig } from '../../../lib/src/streaming/platform/index.ts'
import { type Finding, found } from './finding.ts'

/** Every destination but the store, which is looked at by itself. @throws QiError CONFIG_INVALID */
export const otherDestinations = (config: PlatformConfig): readonly Destination[] =>
  [...destinationsOf(config, sinkDefinitions).values()].filter(({ name }) => name !== STORE)

/** Opens a destination as its lane does, and asks it how it is. */
export async function checkDestination(
  { name, type, settings }: Destination,
  { home }: PlatformConfig,
  store: Store,
  signal: AbortSignal,
): Promise<Finding[]> {
  await using sink = await type.open(settings, { name, pipeline: name, logger: silentLogger, signal, home, store })
  return [found(`destination ${name}`, await sink.check())]
}
