import { type SourceInstance, silentLogger, toQiError } from '../../../lib/src/base/types/index.ts'
import { type PlatformConfig, sourcesThatRun } from '../../../lib/src/streaming/platform/index.ts'
import { type Finding, failed, found, unused, within } from './finding.ts'

const REQUEST_MS = 8000

/** True for CoinGecko if no source is named: then the simulated market is the intended fallback while CoinGecko cannot be reached. */
const hasFallback = (part: string, { sources }: PlatformConfig): boolean =>
  sources.run === undefined && part === 'source coingecko'

/** Checks that each source of the configuration reaches its provider with the configured key. */
export function checkSources({ sources }: PlatformConfig): Promise<readonly Finding[]>[] {
  const names = sourcesThatRun(sources)
  if (names.length === 0)
    return [Promise.resolve([unused('sources', 'no source is set to run: the platform only stores and serves')])]
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
  const part = `source ${name}`
  try {
    await using source = await type.open(settings, { name, logger: silentLogger })
    return [found(part, await source.check(signal))]
  } catch (thrown) {
    const error = toQiError(thrown)
    if (error.code !== 'CONFIG_INVALID') throw error
    return [failed(part, error.message, 'correct that setting; `qicore config show` shows where each comes from')]
  }
}

/** The finding, which is no failure if the simulated market is the intended fallback of the source. */
export const tolerated = (config: PlatformConfig, finding: Finding): Finding =>
  finding.verdict === 'failed' && hasFallback(finding.name, config)
    ? unused(finding.name, `${finding.summary}; the SIMULATED market is the fallback, since no source is named`, finding.remedy)
    : finding
