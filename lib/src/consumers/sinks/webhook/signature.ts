import { createHmac } from 'node:crypto'

const PREFIX = 'whsec_'
/** Bytes of a key, by the specification of Standard Webhooks. */
const [LEAST, MOST] = [24, 64]

/** Describes the problem of a secret without showing it; undefined where there is none. */
export function secretProblem(secret: string): string | undefined {
  const remedy = `make one with: echo ${PREFIX}$(openssl rand -base64 32)`
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret
  const key = Buffer.from(text, 'base64')
  if (text === '' || key.toString('base64') !== text) return `must be ${PREFIX} with Base64 behind it: ${remedy}`
  if (key.length < LEAST || key.length > MOST) return `must stand for ${LEAST} to ${MOST} bytes: ${remedy}`
  return undefined
}

export const keyOf = (secret: string): Buffer =>
  Buffer.from(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret, 'base64')

export interface Signed {
  readonly id: string
  readonly body: Uint8Array
  /** In milliseconds since 1970. */
  readonly now: number
}

/** Headers that sign a request with each key, by Standard Webhooks 1.0 (symmetric). */
export function signatureHeaders(keys: readonly Buffer[], { id: given, body, now }: Signed): Record<string, string> {
  // A full stop separates the signed parts, so the id may not contain one.
  const id = given.replaceAll('.', '%2E')
  const timestamp = String(Math.floor(now / 1000))
  const signatures = keys.map(
    (key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`,
  )
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}
