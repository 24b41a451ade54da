/**
 * Asks the store for prices and candles: `node examples/query-prices.ts bitcoin`.
 * While `qicore up` runs in this project it reads what that has acquired; the two share one database.
 * In a checkout, which has no build: `node --conditions=qicore-source examples/…`.
 */

import { loadConfig, openStoreFor } from 'qicore/platform'
import { formatTime, silentLogger, toQiError } from 'qicore/types'

const [coin = 'bitcoin'] = process.argv.slice(2)
const { config } = loadConfig()
await using store = await openStoreFor(config, { logger: silentLogger })

try {
  const { price, others } = await store.dsl.getCurrentPrice({ coin })
  console.log(`${coin}: ${price.price} ${price.currency} from ${price.source} (${price.origin}) at ${formatTime(price.time)}`)
  for (const other of others) console.log(`  also ${other.price} ${other.currency} from ${other.source}`)

  const { candles, series } = await store.dsl.getOHLCV({ coin, timeframe: '1m', limit: 5 })
  console.log(`the last ${candles.length} minutes, from ${series.source}:`)
  for (const { time, open, high, low, close } of candles) console.log(`  ${formatTime(time)}  ${open}  ${high}  ${low}  ${close}`)
} catch (error) {
  // One error class, with a documented code: what is not there is no accident.
  const { code, message } = toQiError(error)
  if (code !== 'NOT_FOUND') throw error
  console.log(message)
}
