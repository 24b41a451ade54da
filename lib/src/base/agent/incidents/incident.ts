import { z } from 'zod'

const at = z.string().describe('ISO 8601 in UTC')

/** One outage of a part, from start to end. */
export const incidentShape = z.object({
  part: z.string().describe('as the health of the platform calls it'),
  since: at,
  status: z.enum(['degraded', 'down']).describe('the worst that it was'),
  code: z.string().describe('of the failure'),
  why: z.string(),
  done: z.array(z.object({ at, what: z.string() })).describe('what was done about it, oldest first'),
  evidence: z.array(z.string()).describe('what the part itself said last'),
  until: at.nullable().describe('null while it goes on'),
  ending: z.string().nullable().describe('how it ended'),
})
export type Incident = z.output<typeof incidentShape>

/** An incident as sentences made of its fields. */
export function explainIncident(
  { part, since, status, code, why, done, evidence, until, ending }: Incident,
  now: number,
): string {
  const end = until === null ? now : Date.parse(until)
  const lasted = spoken(end - Date.parse(since))
  return [
    until === null ? `${part} is ${status} since ${since}, for ${lasted}` : `${part} was ${status} from ${since}, for ${lasted}`,
    ` (${code}: ${why}). `,
    done.length === 0 ? 'Nothing was done about it' : `Done about it: ${done.map((one) => `${one.at} ${one.what}`).join('; ')}`,
    '. ',
    until === null ? 'It goes on' : `It ended at ${until}: ${ending}`,
    evidence.length === 0 ? '.' : `. The last that it said: ${evidence.at(-1)}`,
  ].join('')
}

const spoken = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}
