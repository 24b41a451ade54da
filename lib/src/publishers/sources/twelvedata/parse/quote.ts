import { type ExactJson, type Price, price } from '../../../../base/types/index.ts'
import { Collector, type Parsed, type Seen } from '../../shared/collect.ts'
import { objectOf, secondsOf } from '../../shared/json.ts'
import type { Listing } from '../listing.ts'
import { figure, stampTime } from './figures.ts'

/** `quote`: the price of the last trade, at the minute of it; older answers tell its day alone. @throws QiError BAD_DATA */
export function parseQuote(body: ExactJson, listing: Listing, seen: Seen): Parsed<Price> {
  const quote = objectOf(body, 'the answer')
  const { last_quote_at: at, timestamp, datetime, close, currency } = quote
  const out = new Collector<Price>(price)
  out.add('', body, () => ({
    ...seen,
    coinId: listing.coinId,
    currency: typeof currency === 'string' && currency !== '' ? currency : listing.currency,
    time:
      at !== undefined
        ? secondsOf(at, 'last_quote_at')
        : timestamp !== undefined
          ? secondsOf(timestamp, 'timestamp')
          : stampTime(datetime, 'datetime'),
    price: figure(close, 'close'),
  }))
  return out.done()
}
