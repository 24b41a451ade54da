import type { Clock } from '../../../base/networking/index.ts'
import { type Logger, QiError, variableOf } from '../../../base/types/index.ts'
import { PollingSource } from '../shared/PollingSource.ts'
import type { CoinGeckoClient } from './CoinGeckoClient.ts'
import type { Job } from './jobs.ts'
import { SettingWarnings } from './SettingWarnings.ts'

export interface CoinGeckoSourceOptions {
  readonly client: CoinGeckoClient
  readonly jobs: readonly Job[]
  readonly logger: Logger
  readonly clock?: Clock
  /** Longest that check() waits for an answer. Default 10 s. */
  readonly checkMs?: number
}

/** Polls CoinGecko. Coins and currencies of the settings that it does not have become warnings, not rejected records. */
export class CoinGeckoSource extends PollingSource {
  constructor({ client, jobs, logger, clock, checkMs }: CoinGeckoSourceOptions) {
    const warnings = new SettingWarnings(logger)
    super({
      name: client.source,
      peer: `CoinGecko (${client.plan})`,
      provider: client,
      jobs: jobs.map((job) => ({
        ...job,
        round: () => job.round().map((call) => async (signal: AbortSignal) => warnings.sift(await call(signal))),
      })),
      reach: (signal) => reach(client, signal),
      remedy: (error) => remedy(client.source, error),
      warnings: () => warnings.current,
      logger,
      clock,
      checkMs,
    })
  }
}

async function reach(client: CoinGeckoClient, signal: AbortSignal): Promise<void> {
  try {
    await client.ping({ signal, attempts: 1 })
  } catch (error) {
    // A proxy or a server of recorded answers may not have /ping: then prices decide.
    if (!(error instanceof QiError) || error.code !== 'NOT_FOUND') throw error
    await client.markets({ currency: 'usd', perPage: 1 }, { signal, attempts: 1 })
  }
}

function remedy(source: string, { code }: QiError): string {
  const named = (setting: string) => `sources.${source}.${setting} (${variableOf(source, setting)})`
  if (code === 'UNAUTHORIZED' || code === 'FORBIDDEN') return `check ${named('api_key')} and plan`
  if (code === 'RATE_LIMITED') return 'wait, or use a key of your own: all keyless calls from one address share a limit'
  if (code === 'NOT_FOUND' || code === 'BAD_DATA') return `check ${named('base_url')}: it ends before /coins/…`
  return `check the network, or set ${named('base_url')}`
}
