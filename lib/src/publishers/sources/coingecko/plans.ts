/** What an account may do. Published limits, July 2026; the true one of a paid plan is shown in CoinGecko's dashboard. */
export const PLANS = {
  /** Shared by everybody behind one address; CoinGecko says 5 to 15 a minute, by how busy it is. */
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

/** What a key may be made of: it travels in a header. */
export const API_KEY = /^[\x21-\x7e]+$/
