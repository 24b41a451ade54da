import {
  type Decimal,
  decimal,
  type EpochUnit,
  type ExactJson,
  epochMoment,
  errorMessage,
  JsonNumber,
  type Micros,
  QiError,
  readMoment,
} from '../../../base/types/index.ts'

export type JsonObject = { readonly [key: string]: ExactJson }

/** @throws QiError BAD_DATA if the body does not have the documented shape */
export function objectOf(value: ExactJson | undefined, what: string): JsonObject {
  if (!isObject(value)) throw new QiError('BAD_DATA', `${what} is ${kindOf(value)}, expected an object`)
  return value
}

/** @throws QiError BAD_DATA */
export function arrayOf(value: ExactJson | undefined, what: string): readonly ExactJson[] {
  if (!Array.isArray(value)) throw new QiError('BAD_DATA', `${what} is ${kindOf(value)}, expected a list`)
  return value
}

/** @throws QiError BAD_DATA */
export function textOf(value: ExactJson | undefined, what: string): string {
  if (typeof value !== 'string') throw new QiError('BAD_DATA', `${what} is ${kindOf(value)}, expected a text`)
  return value
}

/** @throws QiError BAD_DATA if it is no number, or has too many digits */
export function decimalOf(value: ExactJson | undefined, what: string): Decimal {
  if (!(value instanceof JsonNumber)) throw new QiError('BAD_DATA', `${what} is ${kindOf(value)}, expected a number`)
  return decimal(value.source)
}

/** Undefined for null and for a missing field. */
export const optionalDecimal = (value: ExactJson | undefined, what: string): Decimal | undefined =>
  value === null || value === undefined ? undefined : decimalOf(value, what)

/** @throws QiError BAD_DATA if it is no whole number */
export function integerOf(value: ExactJson | undefined, what: string): number {
  const number = Number(decimalOf(value, what))
  if (!Number.isSafeInteger(number)) throw new QiError('BAD_DATA', `${what} is ${String(value)}, expected a whole number`)
  return number
}

/** @throws QiError BAD_DATA naming the field if it is no plausible time */
function momentOf(value: ExactJson | undefined, what: string, unit: EpochUnit): Micros {
  const count = integerOf(value, what)
  try {
    return epochMoment(count, unit)
  } catch (error) {
    throw new QiError('BAD_DATA', `${what}: ${errorMessage(error)}`, { cause: error })
  }
}

export const secondsOf = (value: ExactJson | undefined, what: string): Micros => momentOf(value, what, 'seconds')
export const millisOf = (value: ExactJson | undefined, what: string): Micros => momentOf(value, what, 'milliseconds')
export const timeOf = (value: ExactJson | undefined, what: string): Micros => readMoment(textOf(value, what))

/** The object without its undefined fields. */
export function present<T extends Record<string, unknown>>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}

export const isObject = (value: ExactJson | undefined): value is { [key: string]: ExactJson } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)

function kindOf(value: ExactJson | undefined): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (value instanceof JsonNumber) return 'a number'
  return isObject(value) ? 'an object' : `a ${typeof value}`
}
