import { expect, onTestFinished, test, vi } from 'vitest'
import { type PublisherStats, QiError } from '../../lib/src/base/index.ts'
import { describePart } from '../../lib/src/streaming/platform/describe.ts'

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
  lastAppendAt: null,
  lastError: null,
  ...more,
})
const running = { name: 'source coingecko', state: 'running', since: 1000, restarts: 0 } as const

test('a part that failed is unwell since its first failure, and says when it is started again', () => {
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
    action: 'it is started again in 3 s; it was 3 times before',
  })
})

test('a running source is unwell while its appends fail, or its provider does not answer', () => {
  const trouble = { since: 1500, error }
  const of = (stats: PublisherStats) => describePart(running, { consumers: [], publishers: [stats] })
  expect(of(publisher({}))).toEqual({ name: 'source coingecko', status: 'up', since: 1000, summary: 'running' })
  expect(of(publisher({ trouble }))).toMatchObject({
    status: 'degraded',
    since: 1500,
    action: 'it is asked again until it answers',
  })
  expect(of(publisher({ trouble, state: 'degraded' }))).toMatchObject({
    status: 'degraded',
    action: 'the append is tried again until it succeeds; then the source is asked on',
  })
})
