import { z } from 'zod'
import { QiError, toQiError } from './errors.ts'

const DURATIONS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const KIB = 1024
const SIZES: Readonly<Record<string, number>> = {
  ...{ B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 },
  ...{ KiB: KIB, MiB: KIB ** 2, GiB: KIB ** 3, TiB: KIB ** 4 },
}

const QUANTITY = /^(\d{1,15}(?:\.\d{1,6})?) ?([a-zA-Z]+)$/

/** A number with a unit, as a length of time in milliseconds or a size in bytes. */
export type Quantity = { readonly ms: number; readonly bytes?: undefined } | { readonly bytes: number; readonly ms?: undefined }

/**
 * Reads `90s`, `6h`, `7d`, `10GB`, `512MiB`.
 * @throws QiError BAD_REQUEST
 */
export function parseQuantity(text: string): Quantity {
  const [, count, unit = ''] = QUANTITY.exec(text.trim()) ?? []
  const [duration, size] = [DURATIONS[unit], SIZES[unit]]
  if (count !== undefined && duration !== undefined) return { ms: Math.round(Number(count) * duration) }
  if (count !== undefined && size !== undefined) return { bytes: Math.round(Number(count) * size) }
  throw new QiError(
    'BAD_REQUEST',
    `"${text.slice(0, 40)}" is neither a length of time nor a size: write a number and one of ${Object.keys(DURATIONS).join(', ')}, such as 6h, or of ${Object.keys(SIZES).join(', ')}, such as 10GB`,
  )
}

/** A length of time in milliseconds. @throws QiError BAD_REQUEST */
export function parseDuration(text: string): number {
  const { ms } = parseQuantity(text)
  if (ms !== undefined) return ms
  throw new QiError('BAD_REQUEST', `"${text}" is a size: write a length of time, such as 6h`)
}

/** A size in bytes. @throws QiError BAD_REQUEST */
export function parseSize(text: string): number {
  const { bytes } = parseQuantity(text)
  if (bytes !== undefined) return bytes
  throw new QiError('BAD_REQUEST', `"${text}" is a length of time: write a size, such as 128MiB`)
}

/** A setting that one of these reads; it stays text, so that it is shown as it was written. */
export const quantityText = (parse: (text: string) => unknown) =>
  z.string().superRefine((text, context) => {
    try {
      parse(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: toQiError(error).message })
    }
  })
