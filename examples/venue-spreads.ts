/**
 * Compares the best bid and ask of one pair between exchanges: `node examples/venue-spreads.ts BTC/USDT`.
 * It reads the quotes that `qicore up` has acquired in this project; the two share one database.
 * In a checkout, which has no build: `node --conditions=qicore-source examples/…`.
 */

import { loadConfig, openStoreFor } from 'qicore/platform'
import { silentLogger, toQiError } from 'qicore/types'

const [coin = 'BTC/USDT', maxAge = '60'] = process.argv.slice(2)
const { config } = loadConfig()
await using store = await openStoreFor(config, { logger: silentLogger })

try {
  const { venues, best } = await store.dsl.getSpreads({ coin, maxAge: Number(maxAge) })
  for (const { quote, spread, spreadBps, stale } of venues)
    console.log(
      `${quote.source}: ${quote.bid} / ${quote.ask} ${quote.currency}, spread ${spread}${bps(spreadBps)}${stale ? ', stale' : ''}`,
    )
  for (const { currencies, bid, ask, difference, differenceBps } of best)
    console.log(
      `best in ${currencies.join(', ')}: sell at ${bid.source} for ${bid.bid}, buy at ${ask.source} for ${ask.ask}: ${difference}${bps(differenceBps)}`,
    )
} catch (error) {
  // One error class, with a documented code: a coin without quotes is no accident.
  const { code, message } = toQiError(error)
  if (code !== 'NOT_FOUND') throw error
  console.log(message)
}

/** Differences are exact; basis points are float64. */
function bps(value: number | undefined): string {
  return value === undefined ? '' : ` (${value.toFixed(2)} bps)`
}
