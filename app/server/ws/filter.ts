import { QiError, type RecordValues } from '../../../lib/src/base/index.ts'
import type { Subscribe } from './messages.ts'

/** What of a channel somebody wants. */
export interface Filter {
  /** Whether a record under this message key may match: spares decoding most of those that do not. */
  mayWant(key: string | null): boolean
  wants(record: RecordValues): boolean
}

/** @throws QiError BAD_REQUEST for a list without entries, which could mean all as well as nothing */
export function createFilter({ coins, sources, currencies }: Pick<Subscribe, 'coins' | 'sources' | 'currencies'>): Filter {
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
      // A record without a coin or a currency (the whole market, an instrument) belongs to all of them.
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
