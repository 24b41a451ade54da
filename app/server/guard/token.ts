import { createHash, timingSafeEqual } from 'node:crypto'

/** SHA-256 of a token, to compare or store in its place. */
export const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** @returns compares with a token in constant time, whatever the lengths */
export function tokenCheck(token: string): (given: string) => boolean {
  const expected = digest(token)
  return (given) => timingSafeEqual(digest(given), expected)
}

/**
 * The token of an Authorization header: `Bearer TOKEN`, or `Basic` with the token as password, which browsers send when they open a page or a
 * WebSocket.
 */
export function tokenOf(authorization: string | undefined): string | undefined {
  const [scheme = '', value = ''] = (authorization ?? '').split(/ +/)
  if (scheme.toLowerCase() === 'bearer') return value
  if (scheme.toLowerCase() !== 'basic') return undefined
  const pair = Buffer.from(value, 'base64').toString()
  return pair.includes(':') ? pair.slice(pair.indexOf(':') + 1) : undefined
}
