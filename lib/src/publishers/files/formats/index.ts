import { binanceVision } from './binanceVision.ts'
import type { FileFormat } from './format.ts'
import { kraken } from './kraken.ts'

/** The forms of files that an import reads, by name. */
export const fileFormats = { 'binance-vision': binanceVision, kraken } as const satisfies Readonly<Record<string, FileFormat>>

export type FormatName = keyof typeof fileFormats
export const FORMAT_NAMES = Object.keys(fileFormats) as [FormatName, ...FormatName[]]
