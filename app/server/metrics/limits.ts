import { Gauge, type Registry } from 'prom-client'
import type { RateBudget } from '../../../lib/src/base/index.ts'
import type { ServedPlatform } from '../served.ts'
import { together, within } from './within.ts'

/** What is left of the rate limits, asked at each scrape: other processes that use a key count too. */
export function limitMetrics(register: Registry, platform: ServedPlatform): void {
  const budgets = together(() => rateBudgets(platform))
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
  gauge('qicore_rate_limit_calls', 'The most calls to a peer in its window', ({ limit }) => limit)
  gauge('qicore_rate_limit_free_calls', 'Calls to a peer that may be made at once', ({ free }) => free)
  gauge(
    'qicore_rate_limit_penalty_seconds',
    'For how much longer a peer asked to be left alone',
    ({ penaltyMs }) => penaltyMs / 1000,
  )
}

/** Empty where the store does not answer in time. */
export const rateBudgets = (platform: ServedPlatform): ReturnType<ServedPlatform['rateLimits']> =>
  within(() => platform.rateLimits(), [])
