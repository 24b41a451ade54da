import type { RateLimit, ServiceBudget, SourceContext } from '../../base/index.ts'

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
