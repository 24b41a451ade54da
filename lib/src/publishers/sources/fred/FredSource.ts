import { type Logger, type Observation, observation, type RecordBatch, variableOf } from '../../../base/types/index.ts'
import type { Refused } from '../shared/collect.ts'
import { PollingSource } from '../shared/PollingSource.ts'
import type { FredClient } from './FredClient.ts'

export interface FredSourceOptions {
  readonly client: FredClient
  readonly series: readonly string[]
  readonly intervalMs: number
  readonly logger: Logger
}

/** Looks at each series now and then. The first look takes its whole history, later ones take it only after FRED changed it. */
export class FredSource extends PollingSource {
  constructor({ client, series, intervalMs, logger }: FredSourceOptions) {
    super({
      name: client.source,
      peer: 'FRED',
      provider: client,
      jobs: series.map((id) => {
        const look = looker(client, id)
        return { name: id, intervalMs: () => intervalMs, round: () => [look] }
      }),
      reach: (signal) => client.series(series[0] as string, { signal, attempts: 1 }),
      remedy: ({ code }) =>
        code === 'UNAUTHORIZED'
          ? `check sources.${client.source}.api_key (${variableOf(client.source, 'api_key')})`
          : `check the network, sources.${client.source}.series and base_url`,
      release: () => client.close(),
      logger,
    })
  }
}

function looker(client: FredClient, id: string): (signal: AbortSignal) => Promise<RecordBatch> {
  let known: string | undefined
  return async (signal) => {
    const found = await client.series(id, { signal })
    const records: Observation[] = []
    const rejected: Refused[] = []
    if (found.lastUpdated !== known)
      for await (const page of client.observations(found, { signal, origin: known === undefined ? 'backfill' : 'live' })) {
        for (const one of page.records) records.push(one)
        for (const one of page.rejected) rejected.push(one)
      }
    known = found.lastUpdated
    return { type: observation, records, rejected } as RecordBatch
  }
}
