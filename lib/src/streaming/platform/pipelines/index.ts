import type { Pool } from '../../../base/database/index.ts'
import { sinkDefinitions } from '../../../consumers/index.ts'
import type { PlatformConfig } from '../config.ts'
import { type Destination, destinationsOf } from '../deliveries/destinations.ts'
import { Pipelines } from './Pipelines.ts'

export { PipelineRunner } from './PipelineRunner.ts'
export { Pipelines } from './Pipelines.ts'

/**
 * The pipelines of a store, checked against a configuration.
 * @param pool the store's; called at the first use
 * @param destinations default: the configured ones
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
