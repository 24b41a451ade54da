import { escapeHidden, quoted, type RecordType } from '../../../lib/src/base/types/index.ts'
import type { Output } from '../output.ts'
import { markOf } from './mark.ts'

/** Fields that are not printed as name=value: they have a fixed place, or are left out. */
const PLACED = new Set(['time', 'coin_id', 'source', 'received_at', 'origin'])

/** A text, quoted if it has blanks, so that it cannot look like several fields. */
const said = (text: string): string => (/\s/.test(text) ? quoted(text) : escapeHidden(text))

/** The value of a field, which is any JSON in a field of a later version. */
const shown = (value: unknown): string => said(typeof value === 'object' ? JSON.stringify(value) : String(value))

/** A record in wire naming as one line: `2026-01-31T12:00:00Z  price  bitcoin  coingecko  currency=usd price=67123.45 …`. */
export function recordLine(type: RecordType, wire: Readonly<Record<string, unknown>>, out: Output): string {
  const mark = markOf({ origin: String(wire.origin) })
  const fields = Object.entries(wire).filter(([name]) => !PLACED.has(name))
  const figures = fields.map(([name, value]) => `${out.style('dim', `${said(name)}=`)}${shown(value)}`)
  return [
    out.style('dim', String(wire.time)),
    out.style('cyan', type.name),
    ...(wire.coin_id === undefined ? [] : [out.style('bold', said(String(wire.coin_id)))]),
    escapeHidden(String(wire.source)),
    ...(mark ? [out.style('yellow', mark)] : wire.origin === 'live' ? [] : [String(wire.origin)]),
    figures.join(' '),
  ].join('  ')
}
