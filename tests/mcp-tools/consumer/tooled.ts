import { afterAll, beforeAll } from 'vitest'
import { testDatabase } from '../../support/database.ts'
import { type LinkedTools, linkedTools } from './linked.ts'

/** Tools over a database of the file's own, of a platform that does not run. Call it at the top of a file. */
export function tooled(): () => LinkedTools {
  let tools: LinkedTools
  beforeAll(async () => {
    const { url } = await testDatabase()
    tools = await linkedTools(url)
  })
  afterAll(() => tools?.[Symbol.asyncDispose]())
  return () => tools
}

export const HOUR_MS = 3_600_000
/** The last full hour before the file began: it stays so while the tests run, whatever the clock says. */
export const LAST_HOUR: number = Math.floor(Date.now() / HOUR_MS) * HOUR_MS
export const iso = (millis: number): string => new Date(millis).toISOString()

export const priceWire = (coin: string, millis: number, price: string, more: Record<string, unknown> = {}) => ({
  coin_id: coin,
  source: 'coingecko',
  currency: 'usd',
  time: iso(millis),
  price,
  ...more,
})

/** An hourly candle `back` hours before the last full hour. */
export const candleWire = (coin: string, back: number, close: number, more: Record<string, unknown> = {}) => ({
  coin_id: coin,
  source: 'coingecko',
  currency: 'usd',
  timeframe: '1h',
  time: iso(LAST_HOUR - back * HOUR_MS),
  open: String(close),
  high: String(close + 1),
  low: String(close - 1),
  close: String(close),
  volume: '10',
  is_final: true,
  built_from: 'provider',
  ...more,
})
