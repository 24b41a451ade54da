import fc from 'fast-check'
import { expect, it } from 'vitest'
import { config } from '../../../lib/src/publishers/sources/coingecko/config.ts'
import { ohlcDays } from '../../../lib/src/publishers/sources/coingecko/jobs.ts'
import { JOB_NAMES, planCalls } from '../../../lib/src/publishers/sources/coingecko/schedule.ts'

const plan = (input: object) => planCalls(config.parse(input))
const message = (input: object) =>
  config
    .safeParse(input)
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    .join('\n')

it('fits any list of coins and currencies into any plan', () => {
  const accounts = fc.constantFrom({}, { api_key: 'k' }, { api_key: 'k', plan: 'pro' }, { calls_per_minute: 5 })
  const coins = fc.oneof(
    fc.record({ top: fc.integer({ min: 1, max: 5000 }) }),
    fc.record({ coins: fc.array(fc.stringMatching(/^[a-z-]{1,30}$/), { minLength: 1, maxLength: 600 }) }),
  )
  const currencies = fc.record({ currencies: fc.uniqueArray(fc.stringMatching(/^[a-z]{3}$/), { minLength: 1, maxLength: 5 }) })
  fc.assert(
    fc.property(accounts, coins, currencies, (account, followed, money) => {
      const { calls, intervals, callsPerMinute, problem } = plan({ ...account, ...followed, ...money })
      expect(problem).toBeUndefined()
      expect(intervals.prices).toBeGreaterThanOrEqual(60)
      const perMinute = JOB_NAMES.reduce((sum, name) => sum + (intervals[name] ? (calls[name] * 60) / intervals[name] : 0), 0)
      expect(perMinute).toBeLessThanOrEqual(callsPerMinute)
    }),
  )
})

it('defaults fetch 100 coins once a minute without a key, and within the monthly credits of a demo key', () => {
  expect(plan({}).intervals).toMatchObject({ prices: 60, market: 300, trending: 900, instruments: 86_400 })
  const demo = plan({ api_key: 'k' })
  expect(demo.plan).toBe('demo')
  const perMonth = JOB_NAMES.reduce((sum, name) => sum + (demo.calls[name] * 31 * 86_400) / demo.intervals[name], 0)
  expect(perMonth).toBeLessThanOrEqual(10_000)
  expect(plan({ api_key: 'k', calls_per_month: 10_000_000 }).intervals.prices).toBe(60)
})

it('configured intervals are kept, or refused with the arithmetic; 0 turns a job off', () => {
  expect(plan({ intervals: { prices: 30, ohlc: 0 } }).intervals).toMatchObject({ prices: 30, ohlc: 0 })
  expect(message({ intervals: { prices: 5 } })).toMatch(
    /^intervals: prices 1 every 5 s = 12\.00 calls a minute, but the keyless plan allows 10 a minute; lengthen/,
  )
  expect(message({ top: 1000, currencies: ['usd', 'eur'], intervals: { prices: 30 } })).toContain('prices 8 every 30 s = 16.00')
  expect(message({ intervals: { market: 6 } })).toContain(
    '= 10.00 calls a minute, but the keyless plan allows 10 a minute, which leaves none for prices',
  )
  expect(message({ api_key: 'k', intervals: { prices: 60 } })).toContain('10000 a month')
})

it('a wrong setting is named', () => {
  expect(message({ plan: 'pro' })).toBe('plan: the pro plan needs a key: set api_key too')
  expect(message({ base_url: 'http://me:secret@host' })).toBe(
    'base_url: expected http(s)://…, without a name, password or parameters in it',
  )
  expect(message({ base_url: 'ftp://host' })).toContain('base_url')
  expect(message({ api_key: 'a b' })).toBe('api_key: holds a character that no key has')
})

it('candles are fetched over a window that leaves no gap', () => {
  expect([3600, 43_200, 43_201, 6 * 86_400, 7 * 86_400, 31 * 86_400].map(ohlcDays)).toEqual(['1', '1', '7', '7', '30', '90'])
})
