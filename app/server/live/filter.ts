import { QiError, type RecordValues } from '../../../lib/src/base/types/index.ts'
import type { Subscribe } from './messages.ts'

/** The channel and filters of a subscription. */
export type Wanted = Pick<Subscribe, 'channel' | 'coins' | 'sources' | 'currencies'>

/** The filter of a subscription. */
export interface Filter {
  /** True if a record with this message key may match; avoids decoding most others. */
  mayWant(key: string | null): boolean
  wants(record: RecordValues): boolean
}

/** @throws QiError BAD_REQUEST for an empty list, which could mean all or nothing */
export function createFilter({ coins, sources, currencies }: Omit<Wanted, 'channel'>): Filter {
  const coinSet = setOf('coins', coins)
  const sourceSet = setOf('sources', sources)
  const currencySet = setOf('currencies', currencies)
  return {
    mayWant(key) {
      if (key === null) return true
      const colon = key.indexOf(':')
      if (sourceSet && !sourceSet.has(colon < 0 ? key : key.slice(0, colon))) return false
      return !coinSet || colon < 0 || coinSet.has(key.slice(colon + 1))
    },
    wants({ coinId, source, currency }) {
      // A record without a coin or currency (the whole market, an instrument) matches every coin and currency.
      return fits(coinSet, coinId) && fits(sourceSet, source) && fits(currencySet, currency)
    },
  }
}

const fits = (set: ReadonlySet<unknown> | undefined, value: RecordValues[string]): boolean =>
  !set || value === undefined || set.has(value)

function setOf(name: string, values: readonly string[] | undefined): ReadonlySet<string> | undefined {
  if (!values) return undefined
  if (values.length === 0)
    throw new QiError('BAD_REQUEST', `${name} is empty: name some, or leave it out for all`, { field: name })
  return new Set(values)
}
