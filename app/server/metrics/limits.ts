import { Gauge, type Registry } from 'prom-client'
import type { RateBudget } from '../../../lib/src/base/types/index.ts'
import type { ServedPlatform } from '../served.ts'
import { shared, within } from './within.ts'

/** Calls left of the rate limits, read at each scrape from the store, because other processes use the same keys. */
export function limitMetrics(register: Registry, platform: ServedPlatform): void {
  const budgets = shared(() => rateBudgets(platform))
  const gauge = (name: string, help: string, of: (budget: RateBudget) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['peer'] as const,
      registers: [register],
      async collect() {
        this.reset()
        for (const budget of await budgets()) this.set({ peer: budget.service }, of(budget))
      },
    })
  gauge('qicore_rate_limit_calls', 'Most calls to a peer in its window', ({ limit }) => limit)
  gauge('qicore_rate_limit_free_calls', 'Calls to a peer that are left now', ({ free }) => free)
  gauge(
    'qicore_rate_limit_penalty_seconds',
    'Rest of the penalty for which a peer throttles us',
    ({ penaltyMs }) => penaltyMs / 1000,
  )
}

/** Empty if the store does not answer in time. */
export const rateBudgets = (platform: ServedPlatform): ReturnType<ServedPlatform['rateLimits']> =>
  within(() => platform.rateLimits(), [])
