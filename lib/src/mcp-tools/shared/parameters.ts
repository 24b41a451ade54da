import { z } from 'zod'
import { cell, markOf } from './text.ts'

/** An optional limit on the length of a list. */
export const limitOf = (max: number, preset: number, what: string) =>
  z.int().min(1).max(max).optional().describe(`${what}; ${preset} when left out (fewer where they are long), at most ${max}`)

/** A series in an answer: one coin at one source in one currency. */
export const seriesOut = z.object({
  coin_id: z.string(),
  source: z.string(),
  currency: z.string(),
  simulated: z.boolean().describe('whether its latest row is invented'),
  latest: z.string().describe('time of its latest row'),
})

/** Most other series of a coin in an answer: a coin may have hundreds. */
export const MOST_OTHERS = 3

export const othersOut = z.object({
  series: z.array(seriesOut).describe('the preferred ones of them'),
  count: z.int().describe('how many there are; name source or currency to get one'),
})

export const othersOf = <T>(series: readonly T[]): { series: T[]; count: number } => ({
  series: series.slice(0, MOST_OTHERS),
  count: series.length,
})

export const seriesText = (series: z.infer<typeof seriesOut>): string =>
  `${cell(series.coin_id)} at ${cell(series.source)} in ${cell(series.currency)}${markOf(series)}`

export const count = z.int().nonnegative()
