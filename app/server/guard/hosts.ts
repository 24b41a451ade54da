import { isLoopback } from '../../../lib/src/base/networking/index.ts'

/** The name in a Host header or origin, without port and brackets; undefined if it is malformed. */
export function hostname(host: string): string | undefined {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/i.exec(host)
  return (found?.[1] ?? found?.[2])?.toLowerCase()
}

/**
 * True if a Host header names a server on loopback. A page of another site whose name resolves to 127.0.0.1 (DNS rebinding) sends its own
 * name.
 */
export function isOwnHost(host: string | undefined, origins: readonly string[]): boolean {
  const name = host === undefined ? undefined : hostname(host)
  if (name === undefined) return false
  return (
    isLoopback(name) ||
    name.endsWith('.localhost') ||
    origins.some((origin) => hostname(origin.replace(/^\w+:\/\//, '')) === name)
  )
}

/** True if a page of this origin may use the server: the server's own pages, and configured origins. */
export function isOwnOrigin(origin: string | undefined, host: string | undefined, origins: readonly string[]): boolean {
  if (origin === undefined) return true
  return origins.includes(origin) || origin === `http://${host}` || origin === `https://${host}`
}
