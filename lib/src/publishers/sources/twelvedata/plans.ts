/** Credits of each plan, as published; of paid plans the smallest. The account's own figures can be set. */
export const PLANS = {
  basic: { perMinute: 8, perDay: 800, stream: false, actions: false },
  grow: { perMinute: 55, perDay: undefined, stream: false, actions: true },
  pro: { perMinute: 610, perDay: undefined, stream: true, actions: true },
  ultra: { perMinute: 2584, perDay: undefined, stream: true, actions: true },
} as const satisfies Record<string, { perMinute: number; perDay: number | undefined; stream: boolean; actions: boolean }>

/** Credits of one call of `splits` or `dividends`. */
export const ACTION_CREDITS = 20

export type Plan = keyof typeof PLANS
export const PLAN_NAMES = ['basic', 'grow', 'pro', 'ultra'] as const satisfies readonly Plan[]

/** Characters of a key, which is sent in a header. */
export const API_KEY = /^[\x21-\x7e]+$/
