import { z } from 'zod'
import { TIMEFRAMES } from '../../../types/index.ts'
import { count, flag, list, name, sourceName, time } from '../query/parameters.ts'

export const compareQuery = z
  .object({
    coin: name(
      'what is compared: an asset, such as bitcoin or BTC, with all its spot pairs; one pair, such as BTC/USDT; or a share',
    ),
    sources: list('only these sources'),
    reference: sourceName.optional().describe('the source that the others are compared with; default: the preferred series'),
    like: flag('also figures in USD and USDT with each other, as if the two were one currency'),
    timeframe: z.enum(TIMEFRAMES).default('1h').describe('the length of the candles that are compared'),
    from: time(
      'candles that open at or after this time: 2026-01-31, ISO 8601, -7d, yesterday or now; in UTC unless it names a zone',
    ),
    to: time('candles that open before this time'),
    limit: count(5000, 168, 'most candles of each series, the latest of the range', 2),
    max_age: z.coerce
      .number()
      .min(1)
      .max(31 * 86_400)
      .default(600)
      .describe(
        'open seconds of its market after which a price is stale: it is shown and marked, and not compared; at most 2678400',
      ),
    include_simulated: flag('also simulated and manual series beside those of providers'),
  })
  .describe('The price and the candles of one asset at each of its sources, compared')
