import { expect, it } from 'vitest'
import { answerError, isErrorBody } from '../../../lib/src/publishers/sources/coingecko/errors.ts'
import { describeWith, hasService } from '../../support/services.ts'
import { recordedErrors } from './recorded.ts'

describeWith('recorded-data', 'every recorded error body', () => {
  const errors = recordedErrorsOrNone()

  it.each(
    errors.filter(({ service }) => service === 'coingecko').map((error) => [error.http_status, text(error), error] as const),
  )('HTTP %i %s', (status, body, error) => {
    const headers = new Headers(error.headers ?? {})
    const classified = answerError({ status, body, headers }, '/coins/bitcoin')
    expect({ code: classified.code, retryAfterMs: classified.retryAfterMs, retryable: classified.retryable }).toEqual(
      expected(error),
    )
    // CoinGecko's own message is kept.
    const said = /error_message":"([^"]{20})|"error":"([^"{]+)/.exec(body)
    expect(classified.message).toContain((said?.[1] ?? said?.[2]) as string)
  })

  it('interactions of Twelve Data are left to its own source', () => {
    const others = errors.filter(({ service }) => service !== 'coingecko')
    expect(others.map(({ service }) => service)).toEqual(['twelvedata', 'twelvedata'])
    expect(others.map((error) => isErrorBody(JSON.parse(text(error))))).toEqual([false, false])
  })

  it('no other service is in the file', () => {
    expect(errors).toHaveLength(8)
  })
})

function expected({ http_status, body, body_truncated }: { http_status: number; body?: string; body_truncated?: string }) {
  const code = /error_code":(\d+)/.exec(body ?? body_truncated ?? '')?.[1]
  const permanent = (name: string) => ({ code: name, retryAfterMs: undefined, retryable: false })
  if (code === '10005' || code === '10012') return permanent('FORBIDDEN')
  if (code === '10002' || code === '10010') return permanent('UNAUTHORIZED')
  if (http_status === 429) return { code: 'RATE_LIMITED', retryAfterMs: 60_000, retryable: true }
  return permanent('NOT_FOUND')
}

function recordedErrorsOrNone() {
  return hasService('recorded-data') ? recordedErrors() : []
}
function text({ body, body_truncated }: { body?: string; body_truncated?: string }): string {
  return body ?? body_truncated ?? ''
}

it.each([
  [429, '', 'RATE_LIMITED'],
  [429, '<html><head><title>Rate limited\n you are</title></head><body>1015</body></html>', 'RATE_LIMITED'],
  [403, '<!DOCTYPE html><html><head><title>Access denied | api.coingecko.com</title>', 'FORBIDDEN'],
  [404, '{"error":"coin not found"}', 'NOT_FOUND'],
  [422, '{"error":"Missing parameter ids"}', 'BAD_REQUEST'],
  [400, '{"error":{"status":{"error_code":10010,"error_message":"wrong root"}}}', 'UNAUTHORIZED'],
  [500, '{"status":500,"error":"Internal Server Error"}', 'UNAVAILABLE'],
  [502, '<html><title>502 Bad Gateway</title></html>', 'UNAVAILABLE'],
  [503, '', 'UNAVAILABLE'],
  [504, 'upstream request timeout', 'TIMEOUT'],
  [418, '[]', 'BAD_REQUEST'],
  [302, '', 'BAD_DATA'],
  [401, 'null', 'UNAUTHORIZED'],
])('HTTP %i %j is %s, in one line', (status, body, code) => {
  const error = answerError({ status, body }, '/x')
  expect(error.code).toBe(code)
  expect(error.message).toMatch(new RegExp(`^CoinGecko /x: HTTP ${status}[^\\n]+$`))
})
