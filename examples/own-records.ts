/**
 * Writes prices of one's own and reads them back, exactly: `node examples/own-records.ts`.
 * The store is the project's: the embedded PostgreSQL, or DATABASE_URL.
 * In a checkout, which has no build: `node --conditions=qicore-source examples/…`.
 */

import { loadConfig, openStoreFor } from 'qicore/platform'
import { decimal, nowMicros, type Price, silentLogger } from 'qicore/types'

const { config } = loadConfig()
await using store = await openStoreFor(config, { logger: silentLogger })

const now = nowMicros()
const price = (coinId: string, figure: string): Price => ({
  coinId,
  source: 'my-desk',
  currency: 'usd',
  time: now,
  receivedAt: now,
  origin: 'live',
  price: decimal(figure),
})

// Figures are exact decimals, as text: neither of these fits a float.
const written = await store.dsl.storePrices([
  price('my-coin', '123456789012345.12345678'),
  price('my-dust', '0.000000000000000000056'),
])
console.log(`${written.written} written, ${written.failed.length} refused`)

const { items } = await store.dsl.getLatestPrices({ sources: ['my-desk'] })
for (const { coinId, price, currency } of items) console.log(`${coinId}: ${price} ${currency}`)
