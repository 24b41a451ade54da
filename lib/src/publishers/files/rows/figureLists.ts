import { decimal, type ExactJson, JsonNumber } from '../../../base/types/index.ts'

/** True for a list with JSON numbers, which lost digits where they were parsed as floats. */
export const hasNumbers = (value: unknown): boolean => Array.isArray(value) && value.some((one) => typeof one === 'number')

/** A list of figures with all their digits, from texts or numbers; anything else is returned as it is, for the record type to refuse. */
export const exactList = (value: ExactJson | undefined): unknown =>
  Array.isArray(value)
    ? value.map((one) => (one instanceof JsonNumber ? decimal(one.source) : typeof one === 'string' ? decimal(one) : one))
    : value
