import { type SourceDefinition, silentLogger } from '../../../lib/src/base/index.ts'
import { sourceDefinitions } from '../../../lib/src/publishers/index.ts'
import type { PlatformConfig } from '../../../lib/src/streaming/platform/index.ts'
import { type Finding, found, unused } from './finding.ts'

/** The sources that would run: unset means coingecko, and the simulated market only in its absence. */
export const sourcesOf = ({ sources }: PlatformConfig): readonly string[] => sources ?? ['coingecko']

/** Where no source is named, the simulated market runs in place of this one while it cannot be reached: that is meant so. */
const standsIn = (part: string, { sources }: PlatformConfig): boolean => sources === undefined && part === 'source coingecko'

/** Reaches the provider, with the key that is configured. */
export async function checkSource(config: PlatformConfig, name: string, signal: AbortSignal): Promise<Finding[]> {
  const label = `source ${name}`
  const definition = (sourceDefinitions as Readonly<Record<string, SourceDefinition>>)[name]
  if (!definition) return [unused(label, 'no source runs: this platform only serves and stores')]
  await using source = await definition.open(config[name] as never, { logger: silentLogger })
  return [found(label, await source.check(signal))]
}

/** The finding about a source in whose place the simulated market knowingly runs. */
export const tolerated = (config: PlatformConfig, finding: Finding): Finding =>
  finding.verdict === 'failed' && standsIn(finding.name, config)
    ? unused(finding.name, `${finding.summary}; the SIMULATED market runs meanwhile, since no source is named`, finding.remedy)
    : finding
