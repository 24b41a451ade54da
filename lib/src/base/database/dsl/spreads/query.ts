import { z } from 'zod'
import { flag, list, name } from '../query/parameters.ts'

export const spreadsQuery = z
  .object({
    coin: name('id, ticker or name of the coin, such as BTC/USDT; with `like` also the base of its pairs, such as BTC'),
    sources: list('only these sources'),
    max_age: z.coerce
      .number()
      .min(0.001)
      .max(86_400)
      .default(60)
      .describe(
        'open seconds of its market after which a quote is stale: it is shown and marked, and left out of the best; at most 86400',
      ),
    like: flag('also the other spot pairs of its base in USD and USDT, compared as if the two were one currency'),
    include_simulated: flag('also simulated and manual quotes beside those of venues'),
  })
  .describe('The best bid and ask of each venue now, and across venues')
