import { createHash } from 'node:crypto'
import { always } from './headers.ts'

/** The headers of a request, by name. */
export interface RequestHeaders {
  header(name: string): string | undefined
}

/**
 * Headers of an answer that has a version: the client asks again each time and gets 304 while the version is the same.
 * @param about anything else that the answer depends on, such as its query
 */
export function versioned(version: string, about: unknown): Readonly<Record<string, string>> {
  const hash = createHash('sha256')
    .update(`${version} ${JSON.stringify(about)}`)
    .digest('base64url')
    .slice(0, 27)
  return { etag: `W/"${hash}"`, 'cache-control': 'private, no-cache' }
}

/** The answer 304 if the client has this version already. */
export function notModified(request: RequestHeaders, headers: Readonly<Record<string, string>>): Response | undefined {
  const known = request.header('if-none-match')
  const { etag } = headers
  if (known === undefined || etag === undefined) return undefined
  const same = known.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag.replace(/^W\//, ''))
  return same
    ? new Response(null, { status: 304, headers: { ...always, vary: 'accept, accept-encoding', ...headers } })
    : undefined
}
