/**
 * Runs a platform inside a program of one's own and follows its records as they come: `node examples/live-records.ts`.
 * It runs on the simulated market; leave `sources` out for the real one.
 * In a checkout, which has no build: `node --conditions=qicore-source examples/…`.
 */

import { CryptoDataPlatform, loadConfig } from 'qicore/platform'
import { price } from 'qicore/types'

const WANTED = 10

const { config } = loadConfig({ flags: { 'sources.run': ['simulated'] } })
await using platform = new CryptoDataPlatform({ config, onNotice: (line) => console.log(line) })
await platform.start()

let seen = 0
read: for await (const batch of platform.stream.read({ topics: [price.topic], from: 'latest' }))
  for (const { record, error } of batch.decode(price)) {
    if (error) continue
    console.log(`${record.coinId}: ${record.price} ${record.currency} (${record.origin})`)
    if (++seen === WANTED) break read
  }
