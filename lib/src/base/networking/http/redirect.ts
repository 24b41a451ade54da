import { QiError } from '../../types/index.ts'
import { MAX_REDIRECTS } from './bounds.ts'
import { excerpt, type Redact } from './text.ts'

/** `none`: a redirect is an error that names its target. `same-origin`: followed within scheme, host and port. */
export type Redirects = 'none' | 'same-origin'

export interface Hop {
  readonly url: URL
  readonly method: string
  readonly status: number
  readonly location: string | undefined
  /** Redirects followed so far. */
  readonly followed: number
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308]
const FOR_GOOD: readonly number[] = [301, 308]

/**
 * The target of a redirect that may be followed.
 * @returns undefined for any other answer
 * @throws QiError UNAVAILABLE: the target is not followed; retryable if the redirect is temporary
 */
export function redirectTarget(
  { url, method, status, location, followed }: Hop,
  redirects: Redirects,
  redact: Redact,
): URL | undefined {
  if (!REDIRECTS.includes(status) || location === undefined) return undefined
  const target = URL.parse(location, url.href)
  const reading = method === 'GET' || method === 'HEAD'
  const sameOrigin = target?.origin === url.origin && target.username === '' && target.password === ''
  const follow = redirects === 'same-origin' && sameOrigin && (reading || status === 307 || status === 308)
  if (follow && followed < MAX_REDIRECTS) return target as URL
  const why = follow
    ? `more than ${MAX_REDIRECTS} times`
    : sameOrigin
      ? 'and is not followed'
      : 'and is not followed, since a key would go there too'
  throw new QiError(
    'UNAVAILABLE',
    `${url.origin} redirects to ${placeOf(target, location, redact)} (${status}) ${why}; if that is where it is now, set its address to that`,
    { retryable: !FOR_GOOD.includes(status) },
  )
}

/** Without user, password and query: they may hold a secret that the server echoes. */
function placeOf(target: URL | null, location: string, redact: Redact): string {
  if (!target) return `"${excerpt(location, redact)}"`
  return excerpt(target.host ? `${target.protocol}//${target.host}${target.pathname}` : target.protocol, redact, 200)
}
