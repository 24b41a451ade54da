import { escapeHidden } from '../../../lib/src/base/types/index.ts'
import type { Output, Style } from '../output.ts'

const LEVELS: Readonly<Record<number, { readonly name: string; readonly style: Style }>> = {
  10: { name: 'TRACE', style: 'dim' },
  20: { name: 'DEBUG', style: 'dim' },
  30: { name: 'INFO', style: 'green' },
  40: { name: 'WARN', style: 'yellow' },
  50: { name: 'ERROR', style: 'red' },
  60: { name: 'FATAL', style: 'red' },
}

/** A line of pino's JSON as a line for people: `12:00:01 WARN  source coingecko failed  attempt=2`. */
export function prettyLine(json: string, out: Output): string {
  const { level, time, msg, err, ...fields } = JSON.parse(json) as Record<string, unknown>
  const { name, style } = LEVELS[level as number] ?? { name: String(level), style: 'dim' }
  const clock = new Date(time as number).toTimeString().slice(0, 8)
  const message = escapeHidden(String(msg ?? ''))
  const rest = Object.entries(fields).map(([field, value]) => `${field}=${short(value)}`)
  const failure = err as { code?: string; message?: string; stack?: string } | undefined
  if (failure?.message && !message.includes(failure.message)) rest.push(escapeHidden(failure.message))
  if (failure?.code) rest.push(failure.code)
  return [
    `${out.style('dim', clock)} ${out.style(style, name.padEnd(5))} ${message}${rest.length ? `  ${out.style('dim', rest.join(' '))}` : ''}`,
    ...(failure?.stack ? [out.style('dim', failure.stack)] : []),
  ].join('\n')
}

const short = (value: unknown): string => escapeHidden(typeof value === 'string' ? value : JSON.stringify(value))
