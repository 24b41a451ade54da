import { expect, test } from 'vitest'
import type { RateLimit } from '../../../lib/src/base/types/index.ts'
import { ccxtError } from '../../../lib/src/publishers/sources/ccxt/errors.ts'
import { describeWith } from '../../support/services.ts'
import { client, exchange, type Reply, UPBIT, upbitMarkets } from './exchangeServer.ts'

/** Grants all, and notes what was asked. */
function notingLimit() {
  const weights: number[] = []
  const penalties: number[] = []
  const limit: RateLimit = {
    acquire: async (weight) => {
      weights.push(weight)
    },
    penalize: (ms) => {
      penalties.push(ms)
    },
    budget: async () => ({ limit: 1, windowMs: 1, free: 1, penaltyMs: 0 }),
  }
  return { limit, weights, penalties }
}

describeWith('ccxt', 'failures through ccxt', () => {
  const failing = async (reply: Reply) => {
    const { limit, penalties } = notingLimit()
    const server = await exchange({ [UPBIT.markets]: upbitMarkets('BTC/KRW'), [UPBIT.trades]: reply })
    const upbit = await client(server, 'upbit', { rateLimit: () => limit })
    await upbit.loadMarkets()
    const error: unknown = await upbit.call('trades', (ccxt) => ccxt.fetchTrades('BTC/KRW'), { attempts: 1 }).catch((e) => e)
    return { error, penalties }
  }

  test.each<[string, Reply, object]>([
    [
      '429 with a wait',
      { status: 429, headers: { 'retry-after': '7' }, body: '{}' },
      { code: 'RATE_LIMITED', retryAfterMs: 7000 },
    ],
    ['418 without one', { status: 418, body: '{}' }, { code: 'RATE_LIMITED', retryAfterMs: 10_000 }],
    ['403', { status: 403, body: '<title>no</title>' }, { code: 'FORBIDDEN' }],
    ['451', { status: 451, body: '{}' }, { code: 'FORBIDDEN' }],
    ['401', { status: 401, body: '{}' }, { code: 'UNAUTHORIZED' }],
    ['500', { status: 500, body: '' }, { code: 'UNAVAILABLE', retryable: true }],
    ['504', { status: 504, body: '' }, { code: 'TIMEOUT', retryable: true }],
    ['a page in place of JSON', { body: '<html>hello</html>' }, { code: 'BAD_DATA', retryable: true }],
    ['a body that was cut short', { body: '[{"sequential_id":1' }, { code: 'BAD_DATA', retryable: true }],
  ])('%s', async (_, reply, expected) => {
    const { error } = await failing(reply)
    expect(error).toMatchObject({ ...expected, message: expect.stringMatching(/^upbit trades: /) })
    expect((error as Error).message).not.toContain('count=200')
  })

  test('a refusal by a limit makes all callers wait', async () => {
    expect((await failing({ status: 429, headers: { 'retry-after': '7' }, body: '{}' })).penalties).toEqual([7000])
  })

  test('an unknown symbol is not found', async () => {
    const upbit = await client(await exchange({ [UPBIT.markets]: upbitMarkets('BTC/KRW') }), 'upbit')
    await upbit.loadMarkets()
    const asked = upbit.call('trades', (ccxt) => ccxt.fetchTrades('XYZ/KRW'), { attempts: 1 })
    await expect(asked).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('XYZ/KRW') })
  })

  test('every request takes a permit of its cost, under a key of the address', async () => {
    const { limit, weights } = notingLimit()
    const keys: unknown[] = []
    const server = await exchange({ [UPBIT.markets]: upbitMarkets('BTC/KRW'), [UPBIT.trades]: '[]' })
    const upbit = await client(server, 'upbit', {
      rateLimit: (key, limits) => {
        keys.push([key, limits])
        return limit
      },
    })
    await upbit.loadMarkets()
    await upbit.call('trades', (ccxt) => ccxt.fetchTrades('BTC/KRW'))
    // ccxt: one call of cost 1 each 50 ms; each of these costs 2.
    expect(keys).toEqual([[`ip:${new URL(server.url).host}`, { service: 'upbit', limit: 200, windowMs: 10_000 }]])
    expect(weights).toEqual([2, 2])
    expect(server.asked).toHaveLength(2)
  })

  test('a call ends when it is cancelled', async () => {
    const stop = new AbortController()
    const server = await exchange({
      [UPBIT.markets]: () => {
        stop.abort()
        return upbitMarkets('BTC/KRW')
      },
    })
    const upbit = await client(server, 'upbit')
    await expect(upbit.loadMarkets({ signal: stop.signal })).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

class BaseError extends Error {}
class NetworkError extends BaseError {}
class ExchangeNotAvailable extends NetworkError {}
class OnMaintenance extends ExchangeNotAvailable {}
class RateLimitExceeded extends NetworkError {}

test('the nearest class of ccxt decides', () => {
  const codeOf = (error: unknown) => ccxtError(error, 'x', undefined, (text) => text).code
  expect(codeOf(new RateLimitExceeded('slow down'))).toBe('RATE_LIMITED')
  expect(codeOf(new NetworkError('gone'))).toBe('UNAVAILABLE')
  expect(codeOf(new OnMaintenance('back at noon'))).toBe('UNAVAILABLE')
  expect(codeOf(new TypeError('x is undefined'))).toBe('BAD_DATA')
})
