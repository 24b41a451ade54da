import { expect, onTestFinished, test, vi } from 'vitest'
import { type DeliveryStats, type PublisherStats, QiError } from '../../lib/src/base/types/index.ts'
import { describePart } from '../../lib/src/streaming/platform/health/describe.ts'

const error = new QiError('UNAVAILABLE', 'nobody answers')
const publisher = (more: Partial<PublisherStats>): PublisherStats => ({
  source: 'coingecko',
  state: 'running',
  received: 0,
  published: 0,
  invalid: 0,
  retried: 0,
  bytes: 0,
  inFlight: 0,
  lastRecordTime: null,
  origin: null,
  lastAppendAt: null,
  lastError: null,
  ...more,
})
test('a source with names in its settings that the provider does not have is degraded, and says which', () => {
  const warning = (subject: string) => ({ subject, message: `CoinGecko has no ${subject}; correct it`, since: 2000 })
  const health = (...subjects: string[]) =>
    describePart(running, { consumers: [], publishers: [publisher({ warnings: subjects.map(warning) })] })
  expect(health('coin x')).toMatchObject({
    status: 'degraded',
    since: 2000,
    code: 'CONFIG_INVALID',
    summary: 'CoinGecko has no coin x; correct it',
  })
  expect(health('coin x', 'coin y').summary).toBe('CoinGecko has no coin x; correct it; coin y as well')
  expect(health(...'abcdef').summary).toBe('CoinGecko has no a; correct it; 5 others as well')
})

const running = { name: 'source coingecko', state: 'running', since: 1000, restarts: 0 } as const

test('a failed part is degraded since its first failure, and says when it is restarted', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const part = {
    ...({ name: 'rollups', state: 'restarting', since: 5000, failingSince: 2000, restarts: 3, lastError: error } as const),
    retryAt: Date.now() + 3000,
  }
  expect(describePart(part, { consumers: [], publishers: [] })).toEqual({
    name: 'rollups',
    status: 'degraded',
    code: 'UNAVAILABLE',
    since: 2000,
    summary: 'nobody answers',
    action: 'it is restarted in 3 s; it was 3 times before',
  })
})

test('a consumer that read damaged bytes is degraded for an hour, and says where they are and what to do', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const damage = { at: Date.now(), error: new QiError('BAD_DATA', 'crypto-prices partition 3, offsets 7 to 9: damaged') }
  const counts = { members: 1, read: 0, written: 0, overwritten: 0, deadLettered: 1, writes: 0, waiting: 0, skipped: 0 }
  const consumer = {
    name: 'all',
    group: 'all',
    pipeline: 'all',
    destination: 'timescaledb',
    topics: [],
    state: 'running',
    damage,
    ...counts,
  } as const
  const how = () => describePart({ ...running, name: 'consumer all' }, { consumers: [consumer], publishers: [] })
  expect(how()).toMatchObject({ status: 'degraded', since: damage.at, code: 'BAD_DATA', summary: damage.error.message })
  expect(how().action).toMatch(/qicore dlq list.*qicore backfill.*disk and memory/)
  vi.setSystemTime(damage.at + 3_600_001)
  expect(how()).toMatchObject({ status: 'up', summary: 'running' })
})

test('a consumer whose lag exceeded its bound is degraded for an hour, also beside a lasting failure', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const skip = { at: Date.now(), error: new QiError('TIMEOUT', '5 records not delivered') }
  const counts = { members: 1, read: 0, written: 0, overwritten: 0, deadLettered: 1, writes: 0, waiting: 0, skipped: 5 }
  const consumer = { ...counts, name: 'lake/lake', group: 'g', pipeline: 'lake', destination: 'lake', topics: [], skip }
  const how = (more: Partial<DeliveryStats>) =>
    describePart(
      { ...running, name: 'consumer lake/lake' },
      { consumers: [{ ...consumer, state: 'running', ...more }], publishers: [] },
    )
  expect(how({})).toMatchObject({ status: 'degraded', since: skip.at, code: 'TIMEOUT', summary: skip.error.message })
  expect(how({}).action).toMatch(/qicore dlq list.*qicore dlq replay.*qicore backfill/)
  expect(how({ state: 'parked', trouble: { since: 1, error } })).toMatchObject({
    ...{ since: 1, summary: 'nobody answers; 5 records not delivered' },
    action: expect.stringMatching(/resume.*qicore dlq list/),
  })
  vi.setSystemTime(skip.at + 3_600_001)
  expect(how({})).toMatchObject({ status: 'up', summary: 'running' })
})

test('a running source is degraded while its appends fail, or its provider does not answer', () => {
  const trouble = { since: 1500, error }
  const of = (stats: PublisherStats) => describePart(running, { consumers: [], publishers: [stats] })
  expect(of(publisher({}))).toEqual({ name: 'source coingecko', status: 'up', since: 1000, summary: 'running' })
  expect(of(publisher({ trouble }))).toMatchObject({
    status: 'degraded',
    since: 1500,
    action: 'it is retried until it answers',
  })
  expect(of(publisher({ trouble, state: 'degraded' }))).toMatchObject({
    status: 'degraded',
    action: 'the append is retried until it succeeds; reading from the source goes on then',
  })
})
