import type { Logger, QiError, SettingWarning } from '../../../base/types/index.ts'
import { PollingSource } from '../shared/PollingSource.ts'
import type { TwelveDataConfig } from './config.ts'
import { jobsOf } from './jobs.ts'
import { planCredits } from './schedule.ts'
import type { TwelveDataClient } from './TwelveDataClient.ts'

/** Polls Twelve Data. */
export class TwelveDataSource extends PollingSource {
  constructor(client: TwelveDataClient, settings: TwelveDataConfig, logger: Logger) {
    const warnings = new Map<string, SettingWarning>()
    super({
      name: client.source,
      peer: `Twelve Data (${client.plan})`,
      provider: client,
      jobs: jobsOf(client, settings, planCredits(settings), warnings),
      reach: (signal) => client.apiUsage({ signal, attempts: 1 }),
      remedy: (error) => remedy(client.source, error),
      warnings: () => [...warnings.values()],
      release: () => client.close(),
      logger,
    })
  }
}

function remedy(name: string, { code }: QiError): string {
  if (code === 'UNAUTHORIZED') return `correct sources.${name}.api_key (TWELVEDATA_API_KEY); a key is free at twelvedata.com`
  if (code === 'FORBIDDEN') return `the plan of the key does not have this: see twelvedata.com/pricing`
  return code === 'RATE_LIMITED'
    ? 'wait, or set credits_per_minute and credits_per_day to those of the account'
    : `check the network and sources.${name}.base_url`
}
