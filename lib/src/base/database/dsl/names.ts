import type { Camel } from '../../types/records/define.ts'

export type CamelKeys<T> = { readonly [K in keyof T as Camel<K & string>]: T[K] }

/** `includeSimulated` → `include_simulated`, for the keys of one object; no query has a digit after an underscore, so it is exact. */
export const snakeKeys = (input: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(input).map(([name, value]) => [name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value]))
