import { type Decimal, decimal, type ExactJson, epochMoment, type Micros, QiError } from '../../../../base/types/index.ts'

/**
 * A figure of ccxt as it came. A number in place of a text has been through a float, which may have cost it digits.
 * @throws QiError BAD_DATA if it is missing, a float, or no decimal
 */
export function figureOf(value: unknown, what: string): Decimal {
  if (typeof value === 'string') return decimal(value)
  throw new QiError(
    'BAD_DATA',
    typeof value === 'number'
      ? `${what} ${value} came through a float of ccxt, and may have lost digits`
      : `${what} is missing: the exchange, or ccxt, gives none`,
  )
}

/** Undefined for a missing one. @throws QiError BAD_DATA */
export const optionalFigure = (value: unknown, what: string): Decimal | undefined =>
  value === undefined || value === null ? undefined : figureOf(value, what)

/** Milliseconds since 1970, all that ccxt keeps. @throws QiError BAD_DATA */
export function timeOf(value: unknown, what: string): Micros {
  const millis = Number(value ?? Number.NaN)
  if (!Number.isFinite(millis)) throw new QiError('BAD_DATA', `${what} is missing: the exchange, or ccxt, gives none`)
  return epochMoment(Math.floor(millis), 'milliseconds')
}

/** The part of the answer that a record was made of, for a refusal. */
export const originalOf = (entry: { readonly info?: unknown }): ExactJson => (entry.info ?? entry) as ExactJson
