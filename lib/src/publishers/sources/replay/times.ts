import { checkMicros, type Micros, parseTime, QiError } from '../../../base/index.ts'

/** How files write times. */
export const TIME_FORMATS = ['iso', 'd-m-y', 'm/d/y', 'seconds', 'milliseconds', 'microseconds'] as const
export type TimeFormat = (typeof TIME_FORMATS)[number]

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s*(Z|UTC|[+-]\d\d:?\d\d)?$/i
const DMY = /^(\d{1,2})[-./](\d{1,2})[-./](\d{4})(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s*(Z|UTC|[+-]\d\d:?\d\d)?$/i
const COUNT = /^(-?\d{1,16})(?:\.(\d{1,6})0*)?$/
const MICROS = { seconds: 1_000_000, milliseconds: 1000, microseconds: 1 } as const

/**
 * The moment that a text of a file means; without a zone it is UTC.
 * @throws QiError BAD_DATA
 */
export function readTime(text: string, format: TimeFormat): Micros {
  const trimmed = text.trim()
  if (format === 'seconds' || format === 'milliseconds' || format === 'microseconds')
    return counted(trimmed, MICROS[format], format)
  const m = (format === 'iso' ? ISO : DMY).exec(trimmed)
  if (!m) throw new QiError('BAD_DATA', `"${text.slice(0, 40)}" is not a time of the format ${format}`)
  const [first, second, third] = [m[1] as string, m[2] as string, m[3] as string]
  const [year, month, day] =
    format === 'iso' ? [first, second, third] : format === 'd-m-y' ? [third, second, first] : [third, first, second]
  const clock = m[4] ?? '00:00:00'
  const zone = m[5] === undefined || m[5].toUpperCase() === 'UTC' ? 'Z' : m[5].toUpperCase()
  return parseTime(
    `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}T${clock.length === 5 ? `${clock}:00` : clock}${zone}`,
  )
}

/** Counted in whole numbers, since a float of seconds has no exact microseconds. */
function counted(text: string, unit: number, format: TimeFormat): Micros {
  const m = COUNT.exec(text)
  const fraction = m?.[2] ?? ''
  const digits = Math.log10(unit)
  if (!m || fraction.length > digits)
    throw new QiError('BAD_DATA', `"${text.slice(0, 40)}" is not a time in ${format} since 1970`)
  const part = Number(fraction.padEnd(digits, '0') || 0)
  const micros = Number(m[1]) * unit + (text.startsWith('-') ? -part : part)
  return checkMicros(micros)
}
