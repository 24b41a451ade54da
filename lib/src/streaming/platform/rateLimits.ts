import type { PartHealth, RateLimit, RateLimitLedger, ServiceBudget, SourceContext } from '../../base/index.ts'

type Give = NonNullable<SourceContext['rateLimit']>

/** Gives out rate limits and remembers which. */
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

  /** Of each service; where several keys are used there, of the one with the least left. @throws QiError UNAVAILABLE */
  async budgets(): Promise<readonly ServiceBudget[]> {
    const all = await Promise.all([...this.#given].map(async ([limit, service]) => ({ service, ...(await limit.budget()) })))
    return [...Map.groupBy(all, ({ service }) => service).values()].map(
      (of) => of.toSorted((a, b) => a.free - b.free)[0] as ServiceBudget,
    )
  }
}

/** A part of the health for each service that asked to be left alone since the start: degraded until that is over. */
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
