/** Limits of each plan, as published in July 2026. CoinGecko's dashboard shows those of a paid account. */
export const PLANS = {
  /** Shared by all callers of one address. CoinGecko says 5 to 15 calls a minute, by its load. */
  keyless: {
    baseUrl: 'https://api.coingecko.com/api/v3',
    callsPerMinute: 10,
    callsPerMonth: Number.POSITIVE_INFINITY,
    historyDays: 365,
  },
  demo: { baseUrl: 'https://api.coingecko.com/api/v3', callsPerMinute: 30, callsPerMonth: 10_000, historyDays: 365 },
  /** The smallest paid plan; larger ones allow 500 a minute and more: set calls_per_minute and calls_per_month. */
  pro: {
    baseUrl: 'https://pro-api.coingecko.com/api/v3',
    callsPerMinute: 250,
    callsPerMonth: 100_000,
    historyDays: Number.POSITIVE_INFINITY,
  },
} as const

export type Plan = keyof typeof PLANS
export const PLAN_NAMES = ['keyless', 'demo', 'pro'] as const satisfies readonly Plan[]

/** Characters of a key, which is sent in a header. */
export const API_KEY = /^[\x21-\x7e]+$/
