import { z } from 'zod'
import { cell, markOf } from './text.ts'

/** How long a list may be. */
export const most = (max: number, preset: number, what: string) =>
  z.int().min(1).max(max).optional().describe(`${what}; ${preset} when left out (fewer where they are long), at most ${max}`)

/** The figures of one coin at one source in one currency, in an answer. */
export const seriesOut = z.object({
  coin_id: z.string(),
  source: z.string(),
  currency: z.string(),
  simulated: z.boolean().describe('whether its latest row is invented'),
  latest: z.string().describe('time of its latest row'),
})

/** Other series of a coin are named, not listed: a coin may have hundreds. */
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
