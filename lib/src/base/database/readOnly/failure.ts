import { QiError } from '../../types/index.ts'
import { sqlState } from '../connections/errors.ts'
import { offsetOfCharacter, refusedAt } from './refusal.ts'

/** Turns the server's error for a query into one with a remedy. @param sent the query, and the length of the text sent before it */
export function serverRefusal(
  error: unknown,
  timeoutMs: number,
  sent?: { readonly sql: string; readonly before: number },
): unknown {
  const state = sqlState(error)
  if (state === undefined) return error
  const message = (error as Error).message.slice(0, 500)
  const refused = (code: 'FORBIDDEN' | 'BAD_REQUEST', text: string) =>
    new QiError(code, `sql: ${text}`, { field: 'sql', cause: error })
  if (state === '57014' || state === '55P03' || state === '25P04') return tookTooLong(timeoutMs, error)
  if (state === '53200') return refused('BAD_REQUEST', 'it needs more memory than a query may use; aggregate or select less')
  if (state === '53400')
    return refused('BAD_REQUEST', 'it needs more temporary files than a query may use; sort, join or aggregate less')
  if (state === '53300')
    return new QiError('RATE_LIMITED', `sql: the most queries at once are running (${message}); try again in some seconds`, {
      field: 'sql',
      cause: error,
      retryAfterMs: 5_000,
    })
  if (/^(08|28|53|57P|58)/.test(state)) return error
  if (state === '42501')
    return refused(
      'FORBIDDEN',
      `${message}; the role reads records and reference tables alone, as the resource qicore://schema lists them, and calls nothing that reads files`,
    )
  if (state === '25006') return refused('FORBIDDEN', `${message}; only reading is allowed`)
  const problem = `${message} (SQLSTATE ${state}); write one SELECT over the tables and columns of the resource qicore://schema`
  const at = Number((error as { readonly position?: string }).position) - 1 - (sent?.before ?? 0)
  return refusedAt('BAD_REQUEST', sent?.sql ?? '', sent && at >= 0 ? offsetOfCharacter(sent.sql, at) : undefined, problem)
}

export const tookTooLong = (timeoutMs: number, cause?: unknown): QiError =>
  new QiError(
    'TIMEOUT',
    `sql: it took longer than ${timeoutMs / 1000} s; narrow it by time and coin (such as time > now() - interval '1 day'), or aggregate less`,
    { field: 'sql', cause, retryable: false },
  )
