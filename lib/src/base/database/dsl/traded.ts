import type { Reader } from '../reader.ts'
import { rowsOf } from '../tables.ts'

/** How long an answer holds, in milliseconds. */
const PROBE_EVERY_MS = 2000

interface Probe {
  readonly at: number
  readonly found: Promise<boolean>
}

const probes = new WeakMap<Reader, Probe>()

/**
 * Whether a store holds trades, asked every two seconds at most: prices made of its first trades may be as late as that.
 * @throws QiError
 */
export function anyTrades(reader: Reader): Promise<boolean> {
  const known = probes.get(reader)
  const now = performance.now()
  if (known && now - known.at < PROBE_EVERY_MS) return known.found
  const found = reader
    .rows({ name: 'any_trades', text: `select exists (select from ${rowsOf('trades')}) as found`, values: [] })
    .then(([row]) => row?.found === 't')
  probes.set(reader, { at: now, found })
  found.catch(() => probes.delete(reader))
  return found
}
