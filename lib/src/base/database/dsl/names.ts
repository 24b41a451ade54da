type Camel<S extends string> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<Camel<B>>}` : S

export type CamelKeys<T> = { readonly [K in keyof T as Camel<K & string>]: T[K] }

/** `include_simulated` → `includeSimulated`, for the keys of one object. */
export const camelKeys = (wire: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(wire).map(([name, value]) => [name.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase()), value]),
  )

/** The way back; no query has a digit after an underscore, so it is exact. */
export const snakeKeys = (input: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(input).map(([name, value]) => [name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value]))
