import type { RateLimitLedger } from '../../../base/database/index.ts'
import type { PartHealth, RateLimit, ServiceBudget, SourceContext } from '../../../base/types/index.ts'

type Give = NonNullable<SourceContext['rateLimit']>

/** Hands out rate limits and keeps a list of them. */
export class RateLimitsInUse {
  readonly #given = new Map<RateLimit, string>()
  readonly use: Give

  constructor(give: Give) {
    this.use = (key, limits) => {
      const limit = give(key, limits)
      this.#given.set(limit, limits.service)
      return limit
    }
  }

  /** Budget of each service; with several keys, of the key with the fewest free calls. @throws QiError UNAVAILABLE */
  async budgets(): Promise<readonly ServiceBudget[]> {
    const all = await Promise.all([...this.#given].map(async ([limit, service]) => ({ service, ...(await limit.budget()) })))
    return [...Map.groupBy(all, ({ service }) => service).values()].map(
      (of) => of.toSorted((a, b) => a.free - b.free)[0] as ServiceBudget,
    )
  }
}

/** A health part for each service that has penalized callers since the start: degraded until the penalty ends. */
export class PenaltyHealth {
  readonly #ledger: RateLimitLedger
  readonly #seen = new Set<string>()

  constructor(ledger: RateLimitLedger) {
    this.#ledger = ledger
  }

  /** @throws QiError UNAVAILABLE */
  async parts(): Promise<readonly PartHealth[]> {
    const limits = await this.#ledger.list()
    const since = Date.now()
    const now = new Map<string, PartHealth>()
    for (const { service, penalty } of limits.toSorted((a, b) => (a.penalty?.until ?? 0) - (b.penalty?.until ?? 0))) {
      if (!penalty) continue
      this.#seen.add(service)
      now.set(service, {
        name: `rate limit ${service}`,
        since,
        status: 'degraded',
        code: 'RATE_LIMITED',
        summary: `no call to ${service} until ${new Date(penalty.until).toISOString().slice(0, 19)}Z, as it asked${penalty.by ? `: ${penalty.by}` : ''}`,
        action: `one call probes it then; \`qicore limits clear ${service}\` lifts it now`,
      })
    }
    return [...this.#seen].map(
      (service) => now.get(service) ?? { name: `rate limit ${service}`, since, status: 'up', summary: 'calls are made' },
    )
  }
}
