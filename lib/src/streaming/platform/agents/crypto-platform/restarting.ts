import type { Incident } from '../../../../base/agent/index.ts'
import { countOf, ERROR_CODES } from '../../../../base/types/index.ts'
import type { CryptoPlatformSettings } from './settings.ts'

/** Beginning of the note about a restart; the notes of an incident tell how often a part was restarted, and when. */
export const RESTARTED = 'restarted'

export type Restarting =
  | { readonly restart: true; readonly why: string }
  /** No restart; with a note, which is added once, if a human should know why. */
  | { readonly restart: false; readonly note?: string }

/** Decides if a degraded part is restarted now. Pure. */
export function restartingOf(incident: Incident, settings: CryptoPlatformSettings, now: number): Restarting {
  const { code, since, done } = incident
  const { restarts: most, restart_after_seconds: after } = settings
  const hopeless = code in ERROR_CODES && !ERROR_CODES[code as keyof typeof ERROR_CODES].retryable && code !== 'INTERNAL'
  if (hopeless) return { restart: false, note: `left as it is: a restart does not fix ${code}` }
  if (code === 'RATE_LIMITED') return { restart: false, note: 'left as it is: it waits as long as the provider asks' }
  const earlier = done.filter(({ what }) => what.startsWith(RESTARTED))
  if (earlier.length >= most) return { restart: false, note: `left as it is: restarted ${countOf(most, 'time')} in vain` }
  const from = Date.parse(earlier.at(-1)?.at ?? since)
  const waited = now - from
  if (waited < after * 1000 * 2 ** earlier.length) return { restart: false }
  return { restart: true, why: `${code} for ${Math.round((now - Date.parse(since)) / 1000)} s` }
}
