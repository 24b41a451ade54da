import { expect, it } from 'vitest'
import { z } from 'zod'
import { parseQuery } from '../../lib/src/base/database/index.ts'
import { QiError, wordIssue } from '../../lib/src/base/types/index.ts'
import { RetryNotices } from '../../lib/src/streaming/platform/backfill/RetryNotices.ts'

const said = (schema: z.ZodType, value: unknown): string => {
  const { error } = schema.safeParse(value)
  return error ? wordIssue(error.issues[0] as z.core.$ZodIssue) : 'nothing'
}

it.each<[z.ZodType, unknown, string]>([
  [z.string(), undefined, 'is missing; give it text'],
  [z.enum(['1s', '1m']), '7x', 'expected one of 1s, 1m'],
  [z.literal('a'), 'b', 'expected "a"'],
  [z.int(), 1.5, 'expected a whole number'],
  [z.number(), 'x', 'expected a number'],
  [z.boolean(), 1, 'expected true or false'],
  [z.array(z.string()), 'x', 'expected a list'],
  [z.object({}), 1, 'expected an object'],
  [z.union([z.string(), z.number()]), true, 'has none of the forms that are accepted'],
  [z.number().min(1), 0, 'must be at least 1'],
  [z.number().max(9), 10, 'must be at most 9'],
  [z.string().min(1), '', 'must have at least 1 character'],
  [z.string().max(3), 'abcd', 'must have at most 3 characters'],
  [z.array(z.string()).max(2), ['a', 'b', 'c'], 'must have at most 2 items'],
  [z.url(), 'x', 'expected a URL'],
  [z.string().startsWith('a'), 'b', 'must start with "a"'],
  [z.string().regex(/^a/), 'b', 'must have another form'],
  [z.number().multipleOf(5), 7, 'must be a multiple of 5'],
  [z.strictObject({}), { b: 1 }, 'has unknown names: b'],
  [z.string().regex(/^a/, 'expected host:port'), 'b', 'expected host:port'],
])('words %#: no validator’s voice', (schema, value, words) => {
  expect(said(schema, value)).toBe(words)
})

it('a query names the missing parameter, and an example', () => {
  const schema = z.object({ coin: z.string(), timeframe: z.enum(['1m', '1h']).optional() })
  expect(() => parseQuery(schema, {})).toThrow('coin: is missing; give it text')
  expect(() => parseQuery(schema, { coin: 'x', timeframe: '7x' })).toThrow('timeframe "7x": expected one of 1m, 1h')
})

it('the wait of a retry, a provider that cannot be reached, and its recovery are each logged once', () => {
  const retries = new RetryNotices()
  const breaker = new QiError('UNAVAILABLE', 'coingecko failed too often: it is tried again in 8.9 s')
  expect(retries.failed(breaker, 9000)).toBe('coingecko failed too often; retried in 9 s')
  const balancer = new QiError('UNAVAILABLE', 'coingecko: a, b failed too often; tried again in 8.9 s')
  expect(retries.failed(balancer, 8950)).toBe('coingecko: a, b failed too often; retried in 9 s')
  expect(retries.succeeded()).toBeUndefined()
  const cause = Object.assign(new Error('x'), { code: 'ENOTFOUND' })
  const offline = new QiError('UNAVAILABLE', 'getaddrinfo ENOTFOUND api.coingecko.com', { cause })
  const limited = new QiError('RATE_LIMITED', 'coingecko asks to wait')
  expect([offline, breaker, offline, limited].map((error) => retries.failed(error, 1000))).toEqual([
    'the provider cannot be reached: getaddrinfo ENOTFOUND api.coingecko.com; retried until it answers, Ctrl-C stops',
    undefined,
    undefined,
    'coingecko asks to wait; retried in 1 s',
  ])
  expect([retries.succeeded(), retries.succeeded()]).toEqual(['the provider answers again', undefined])
})
