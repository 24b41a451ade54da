import { z } from 'zod'
import { MOST_DECIMALS } from '../../../types/index.ts'
import { count, name, sourceName, time } from '../query/parameters.ts'

export const bookQuery = z
  .object({
    coin: name('id, ticker or name of the coin, such as BTC/USDT or BTCUSDT'),
    source: sourceName.optional(),
    currency: name('the currency of the figures, such as USDT').optional(),
    at: time('the latest book at or before this time: ISO 8601, -5m, yesterday or now; the current one when left out'),
    levels: count(MOST_DECIMALS, 20, 'most levels of each side'),
  })
  .describe('The order book of one coin, now or at a time')
