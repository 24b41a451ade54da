import { isLoopback } from '../../../lib/src/base/index.ts'

/** The name in a Host header or origin, without port and brackets; nothing where it is malformed. */
export function hostname(host: string): string | undefined {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/i.exec(host)
  return (found?.[1] ?? found?.[2])?.toLowerCase()
}

/**
 * Whether a Host header may be meant for a server on loopback. A page of another site that has its name resolve to 127.0.0.1
 * (DNS rebinding) sends its own name.
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

/** Whether a browser's page of this origin may talk to the server: its own pages, and configured ones. */
export function isOwnOrigin(origin: string | undefined, host: string | undefined, origins: readonly string[]): boolean {
  if (origin === undefined) return true
  return origins.includes(origin) || origin === `http://${host}` || origin === `https://${host}`
}
