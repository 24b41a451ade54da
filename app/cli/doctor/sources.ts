import { type SourceDefinition, silentLogger } from '../../../lib/src/base/index.ts'
import { sourceDefinitions } from '../../../lib/src/publishers/index.ts'
import type { PlatformConfig } from '../../../lib/src/streaming/platform/index.ts'
import { type Finding, found, unused } from './finding.ts'

/** The sources that would run: unset means coingecko, and the simulated market only in its absence. */
export const sourcesOf = ({ sources }: PlatformConfig): readonly string[] => sources ?? ['coingecko']

/** Reaches the provider, with the key that is configured. */
export async function checkSource(config: PlatformConfig, name: string, signal: AbortSignal): Promise<Finding[]> {
  const label = `source ${name}`
  const definition = (sourceDefinitions as Readonly<Record<string, SourceDefinition>>)[name]
  if (!definition) return [unused(label, 'no source runs: this platform only serves and stores')]
  await using source = await definition.open(config[name] as never, { logger: silentLogger })
  const finding = found(label, await source.check(signal))
  if (finding.verdict === 'failed' && config.sources === undefined)
    return [{ ...finding, remedy: `${finding.remedy ?? ''}; until then the SIMULATED market runs` }]
  return [finding]
}
