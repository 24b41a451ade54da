import { type ExactJson, type Micros, QiError } from '../../../../base/types/index.ts'
import { arrayOf, isObject, objectOf, textOf } from '../../shared/json.ts'
import { figureText, stampTime } from './figures.ts'

/** Values of one moment by their names, with the provider's digits. */
export interface ProviderValues {
  /** In UTC; a date is its 00:00. */
  readonly time: Micros
  /** Such as `{ macd: "-0.11579604", macd_signal: "-0.10122012" }`. */
  readonly values: Readonly<Record<string, string>>
}

/** A technical indicator, as Twelve Data computes it. */
export interface ProviderIndicator {
  /** Such as `MACD - Moving Average Convergence Divergence`. */
  readonly name: string
  readonly symbol: string
  readonly interval: string
  /** Its settings, such as `{ fast_period: "12", series_type: "close" }`. */
  readonly params: Readonly<Record<string, string>>
  /** Oldest first. */
  readonly rows: readonly ProviderValues[]
}

/** Any technical indicator. Figures come as texts, of a few as JSON numbers. @throws QiError BAD_DATA */
export function parseIndicator(body: ExactJson): ProviderIndicator {
  const { meta, values } = objectOf(body, 'the answer')
  const { symbol, interval, indicator } = objectOf(meta, 'meta')
  const { name, ...params } = objectOf(indicator, 'meta.indicator')
  const rows = arrayOf(values, 'values').map((row): ProviderValues => {
    const { datetime, ...figures } = objectOf(row, 'the row')
    return { time: stampTime(datetime, 'datetime'), values: texts(figures) }
  })
  return {
    name: textOf(name, 'meta.indicator.name'),
    symbol: textOf(symbol, 'meta.symbol'),
    interval: textOf(interval, 'meta.interval'),
    params: texts(params),
    rows: rows.sort((a, b) => a.time - b.time),
  }
}

function texts(values: Readonly<Record<string, ExactJson>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => {
      if (value === null) return []
      if (isObject(value) || Array.isArray(value))
        throw new QiError('BAD_DATA', `${name} holds more than one value, expected a figure`)
      return [[name, typeof value === 'boolean' ? String(value) : figureText(value, name)]]
    }),
  )
}
