import {
  type Decimal,
  decimal,
  type ExactJson,
  JsonNumber,
  type Micros,
  parseTime,
  QiError,
} from '../../../../base/types/index.ts'
import { textOf } from '../../shared/json.ts'

/** The text of a figure, which Twelve Data sends as a text or as a JSON number. @throws QiError BAD_DATA */
export function figureText(value: ExactJson | undefined, what: string): string {
  if (value instanceof JsonNumber) return value.source
  return textOf(value, what)
}

/** @throws QiError BAD_DATA naming the field */
export const figure = (value: ExactJson | undefined, what: string): Decimal => decimal(figureText(value, what))

/** Undefined for null, an empty text and a missing field. */
export const optionalFigure = (value: ExactJson | undefined, what: string): Decimal | undefined =>
  value === undefined || value === null || value === '' ? undefined : figure(value, what)

const STAMP = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d))?$/

/** A date, as its 00:00 UTC, or a time in UTC. @throws QiError BAD_DATA */
export function stampTime(value: ExactJson | undefined, what: string): Micros {
  const text = textOf(value, what)
  const [, date, clock = '00:00:00'] = STAMP.exec(text) ?? []
  if (!date) throw new QiError('BAD_DATA', `${what} is "${text.slice(0, 40)}", expected such as 2025-01-31 15:30:00`)
  return parseTime(`${date}T${clock}Z`)
}
