import { type SourceInstance, silentLogger } from '../../../lib/src/base/index.ts'
import { type PlatformConfig, sourcesThatRun } from '../../../lib/src/streaming/platform/index.ts'
import { type Finding, found, unused, within } from './finding.ts'

const REQUEST_MS = 8000

/** Where no source is named, the simulated market runs in place of this one while it cannot be reached: that is meant so. */
const standsIn = (part: string, { sources }: PlatformConfig): boolean => sources.run === undefined && part === 'source coingecko'

/** Finds whether each source that is to run reaches its provider, with the key that is configured. */
export function checkSources({ sources }: PlatformConfig): Promise<readonly Finding[]>[] {
  const names = sourcesThatRun(sources)
  if (names.length === 0) return [Promise.resolve([unused('sources', 'no source runs: this platform only serves and stores')])]
  return names.map((name) =>
    within(
      `source ${name}`,
      REQUEST_MS,
      (signal) => checkSource(sources.instances.get(name) as SourceInstance, signal),
      'check the network',
    ),
  )
}

async function checkSource({ name, type, settings }: SourceInstance, signal: AbortSignal): Promise<Finding[]> {
  await using source = await type.open(settings, { name, logger: silentLogger })
  return [found(`source ${name}`, await source.check(signal))]
}

/** The finding about a source in whose place the simulated market knowingly runs. */
export const tolerated = (config: PlatformConfig, finding: Finding): Finding =>
  finding.verdict === 'failed' && standsIn(finding.name, config)
    ? unused(finding.name, `${finding.summary}; the SIMULATED market runs meanwhile, since no source is named`, finding.remedy)
    : finding
