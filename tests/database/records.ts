import type { Candle } from '../../lib/src/base/database/index.ts'
import { type Book, decimal, type Ohlcv, type Price, type Timeframe, timeframeMicros } from '../../lib/src/base/types/index.ts'

export const MINUTE = 60_000_000
/** 2026-01-05T00:00:00Z, a Monday. */
export const MONDAY = 1_767_571_200_000_000

export const aPrice = (change: Partial<Omit<Price, 'price'>> & { price?: string } = {}): Price => ({
  coinId: 'bitcoin',
  source: 'coingecko',
  time: MONDAY,
  receivedAt: MONDAY,
  origin: 'live',
  currency: 'usd',
  ...change,
  price: decimal(change.price ?? '65000.5'),
})

export const aBar = (
  change: Partial<Omit<Ohlcv, 'open' | 'high' | 'low' | 'close'>> & {
    open?: string
    high?: string
    low?: string
    close?: string
  } = {},
): Ohlcv => ({
  coinId: 'bitcoin',
  source: 'coingecko',
  time: MONDAY,
  // The end of the bar: received earlier it would not be final.
  receivedAt:
    ((change.time as number | undefined) ?? MONDAY) + timeframeMicros((change.timeframe as Timeframe | undefined) ?? '1m'),
  origin: 'live',
  currency: 'usd',
  timeframe: '1m',
  isFinal: true,
  builtFrom: 'provider',
  ...change,
  open: decimal(change.open ?? '10'),
  high: decimal(change.high ?? '12'),
  low: decimal(change.low ?? '9'),
  close: decimal(change.close ?? '11'),
})

export const aBook = (change: Partial<Book> = {}): Book => ({
  coinId: 'BTC/USDT',
  source: 'binance',
  time: MONDAY,
  receivedAt: MONDAY,
  origin: 'live',
  currency: 'USDT',
  sequence: 1,
  levels: 5,
  bids: ['100'].map(decimal),
  bidSizes: ['1'].map(decimal),
  asks: ['101'].map(decimal),
  askSizes: ['2.5'].map(decimal),
  verified: true,
  ...change,
})

/** A final bar as queries return it. */
export const aCandle = (change: Parameters<typeof aBar>[0] = {}): Candle => ({ ...aBar(change), covered: 1, partial: false })
