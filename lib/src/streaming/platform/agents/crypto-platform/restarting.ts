import { countOf, ERROR_CODES, type Incident } from '../../../../base/index.ts'
import type { CryptoPlatformSettings } from './settings.ts'

/** How what was done begins where a part was started again: the incident itself tells how often and when. */
export const STARTED_AGAIN = 'started again'

export type Restarting =
  | { readonly restart: true; readonly why: string }
  /** Why it is not; a note once, where a human should know. */
  | { readonly restart: false; readonly note?: string }

/** Pure: whether a part that is unwell is started again now. */
export function restartingOf(incident: Incident, settings: CryptoPlatformSettings, now: number): Restarting {
  const { code, since, done } = incident
  const { restarts: most, restart_after_seconds: after } = settings
  const hopeless = code in ERROR_CODES && !ERROR_CODES[code as keyof typeof ERROR_CODES].retryable && code !== 'INTERNAL'
  if (hopeless) return { restart: false, note: `left as it is: starting it again does not mend ${code}` }
  if (code === 'RATE_LIMITED') return { restart: false, note: 'left as it is: it waits as long as the provider asks' }
  const earlier = done.filter(({ what }) => what.startsWith(STARTED_AGAIN))
  if (earlier.length >= most)
    return { restart: false, note: `left as it is: started again ${countOf(most, 'time')} without help` }
  const from = Date.parse(earlier.at(-1)?.at ?? since)
  const waited = now - from
  if (waited < after * 1000 * 2 ** earlier.length) return { restart: false }
  return { restart: true, why: `${code} for ${Math.round((now - Date.parse(since)) / 1000)} s` }
}
