import type { Pool } from '../../../base/index.ts'
import { sinkDefinitions } from '../../../consumers/index.ts'
import type { PlatformConfig } from '../config.ts'
import { type Destination, destinationsOf } from '../destinations.ts'
import { Pipelines } from './Pipelines.ts'

export { PipelineRunner } from './PipelineRunner.ts'
export { Pipelines } from './Pipelines.ts'

/**
 * The pipelines of a store, checked against a configuration.
 * @param pool the store's; asked for when it is needed
 * @param destinations default: those of the configuration
 */
export const openPipelines = (
  config: PlatformConfig,
  pool: () => Pool,
  destinations: ReadonlyMap<string, Destination> = destinationsOf(config, sinkDefinitions),
): Pipelines =>
  new Pipelines({
    pool,
    consumers: config.consumers,
    destinations: () => [...destinations.values()].map(({ name, common }) => ({ name, records: common.records })),
  })
