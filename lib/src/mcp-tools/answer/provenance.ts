import { z } from 'zod'
import type { AnswerFacts, AnswerSource } from '../../base/agent/index.ts'
import { MANUAL } from '../../base/types/index.ts'
import { cell } from '../shared/text.ts'

const MOST_SOURCES = 10

/** The time, sources and completeness of an answer. */
export const provenance = z.object({
  as_of: z.string().optional().describe('time of the newest datum in the answer; absent where it holds none'),
  read_at: z.string().describe('when it was read'),
  sources: z
    .array(z.object({ source: z.string(), mark: z.enum(['simulated', 'manual']).optional() }))
    .optional()
    .describe('absent where the answer is about the platform itself'),
  complete: z.boolean(),
  missing: z.array(z.string()).optional().describe('what is left out or not whole, and how to get it'),
})
type Provenance = z.infer<typeof provenance>

/** @param readAt start of the read, in milliseconds since 1970 */
export function provenanceOf({ times = [], from, missing = [] }: AnswerFacts, readAt: number, cut?: string): Provenance {
  const newest = times.reduce<string | undefined>(
    (last, time) => (time && (!last || isLater(time, last)) ? time : last),
    undefined,
  )
  const gaps = [...missing, cut].filter((gap) => typeof gap === 'string')
  return {
    ...(newest !== undefined && { as_of: newest }),
    read_at: new Date(readAt).toISOString(),
    ...(from && { sources: sourcesOf(from) }),
    complete: gaps.length === 0,
    ...(gaps.length > 0 && { missing: gaps }),
  }
}

/** The last line of a text. */
export function provenanceLine({ as_of, read_at, sources, complete, missing = [] }: Provenance): string {
  const named = sources?.map(({ source, mark }) => `${cell(source)}${mark ? ` (${mark})` : ''}`)
  return [
    ...(as_of === undefined ? [`read ${read_at}`] : [`as of ${as_of}, read ${read_at}`]),
    ...(named ? [`source: ${named.join(', ') || 'none'}`] : []),
    complete ? 'complete' : `not complete: ${missing.join('; ')}`,
  ].join('; ')
}

/** Times have up to six decimals: texts of different lengths do not sort by time. */
const isLater = (a: string, b: string): boolean => (a.length === b.length ? a > b : Date.parse(a) > Date.parse(b))

function sourcesOf(from: readonly AnswerSource[]): NonNullable<Provenance['sources']> {
  const found = new Map<string, NonNullable<Provenance['sources']>[number]>()
  for (const { source, origin, simulated } of from) {
    const mark = simulated || origin === 'simulated' ? 'simulated' : source === MANUAL || origin === MANUAL ? 'manual' : undefined
    const name = String(source ?? 'unknown')
    found.set(`${name} ${mark ?? ''}`, { source: name, ...(mark && { mark }) })
    if (found.size > MOST_SOURCES) break
  }
  const all = [...found.values()]
  return all.length > MOST_SOURCES ? [...all.slice(0, MOST_SOURCES - 1), { source: 'and others' }] : all
}
