import {
  decimal,
  type ExactJson,
  JsonNumber,
  MICROS_PER_SECOND,
  type Ohlcv,
  timeframeMicros,
} from '../../../lib/src/base/types/index.ts'
import type { Refused } from '../../../lib/src/publishers/sources/shared/collect.ts'
import { matchesPath, type Numbers } from './numbers.ts'

export interface Account {
  readonly total: number
  readonly stored: number
  readonly refused: number
  readonly unused: number
  /** Paths of numbers that are unaccounted for; must be empty. */
  readonly lost: readonly string[]
}

/** Accounts for every number of a body: kept digit for digit, inside a refused part, or listed as unused. */
export function account(body: ExactJson, numbers: Numbers, records: readonly object[], rejected: readonly Refused[]): Account {
  const held = valuesByProperty(records)
  const count = { total: 0, stored: 0, refused: 0, unused: 0 }
  const lost: string[] = []
  for (const [path, number] of numbersIn(body)) {
    count.total++
    const property = Object.entries(numbers.stored).find(([pattern]) => matchesPath(pattern, path))?.[1]
    if (property && isHeld(held.get(property), property, number)) count.stored++
    else if (rejected.some(({ paths }) => paths.some((at) => matchesPath(at, path) || matchesPath(`${at}.**`, path))))
      count.refused++
    else if (!property && numbers.unused.some((pattern) => matchesPath(pattern, path))) count.unused++
    else lost.push(`${path} = ${number.source}`)
  }
  return { ...count, lost }
}

function* numbersIn(value: ExactJson, path = ''): Generator<[string, JsonNumber]> {
  if (value instanceof JsonNumber) yield [path, value]
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) yield* numbersIn(inner, path ? `${path}.${key}` : key)
}

function valuesByProperty(records: readonly object[]): Map<string, Set<unknown>> {
  const held = new Map<string, Set<unknown>>()
  const hold = (property: string, value: unknown) => {
    if (!held.has(property)) held.set(property, new Set())
    held.get(property)?.add(value)
  }
  for (const record of records) {
    for (const [property, value] of Object.entries(record)) hold(property, value)
    // The stamp of a candle is its end.
    if ('timeframe' in record) hold('end', (record as Ohlcv).time + timeframeMicros((record as Ohlcv).timeframe))
  }
  return held
}

function isHeld(values: Set<unknown> | undefined, property: string, number: JsonNumber): boolean {
  if (!values) return false
  if (property === 'time' || property === 'end') {
    const stamp = Number(number.source)
    return values.has(stamp * 1000) || values.has(stamp * MICROS_PER_SECOND)
  }
  return values.has(decimal(number.source)) || values.has(Number(number.source))
}
