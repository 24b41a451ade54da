import { z } from 'zod'
import { count, flag, list, name, time } from '../query/parameters.ts'

export const recentQuery = z
  .object({
    coin: name('id, ticker or name of the coin, such as BTC/USDT or BTCUSDT'),
    sources: list('only these sources'),
    currencies: list('only figures in these currencies, such as USDT'),
    from: time('records at or after this time: 2026-01-31, ISO 8601, -5m, yesterday or now; in UTC unless it names a zone'),
    to: time('records before this time'),
    limit: count(10_000, 50, 'most records; the latest of the range'),
    include_simulated: flag('also simulated and manual records where there are those of a venue'),
  })
  .describe('The latest trades or quotes of one coin, oldest first')
