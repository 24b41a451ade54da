import type { SourceContext } from '../../../base/types/index.ts'
import { PollingSource } from '../shared/PollingSource.ts'
import type { CcxtClient } from './CcxtClient.ts'
import type { CcxtConfig } from './config.ts'
import { jobsOf } from './jobs/index.ts'
import { Warnings } from './Warnings.ts'

/** Polls one exchange. Symbols that it does not have become warnings; the others go on. */
export class CcxtSource extends PollingSource {
  constructor(client: CcxtClient, settings: CcxtConfig, context: SourceContext) {
    const { name, logger } = context
    const warnings = new Warnings(logger)
    super({
      name,
      peer: client.exchange.name ?? client.exchange.id,
      provider: client,
      jobs: jobsOf(client, settings, context, warnings),
      reach: (signal) => reach(client, signal),
      remedy: ({ code }) =>
        code === 'FORBIDDEN'
          ? `${client.exchange.id} does not serve this address, or this country: see its terms`
          : `check the network and sources.${name}.base_url`,
      warnings: () => warnings.current,
      release: () => client.close(),
      logger,
    })
  }
}

/** The smallest call that the exchange has. */
async function reach(client: CcxtClient, signal: AbortSignal): Promise<void> {
  const options = { signal, attempts: 1 }
  if (client.exchange.has.fetchTime === true) await client.call('time', (exchange) => exchange.fetchTime(), options)
  else await client.loadMarkets(options)
}
