/** One process of several that share a key: calls Twelve Data within both windows of its credits. */
import { once } from 'node:events'
import { createPool, sharedRateLimits } from '../../../lib/src/base/database/index.ts'
import { Credits } from '../../../lib/src/publishers/sources/twelvedata/credits.ts'
import { TwelveDataClient } from '../../../lib/src/publishers/sources/twelvedata/TwelveDataClient.ts'

const { databaseUrl, baseUrl, apiKey, calls, limits } = JSON.parse(process.argv[2] as string)
// The first call of a process is slow, and would arrive later than its permit allows.
const first = new TwelveDataClient({ apiKey, baseUrl: [`${baseUrl}/warm`], plan: 'ultra', attempts: 1 })
await first.apiUsage().catch(() => {})
await first.close()
// All of them begin together, however long each took to start.
process.send?.('ready')
await once(process, 'message')
process.disconnect?.()
const pool = createPool(databaseUrl, { max: 2 })
const give = sharedRateLimits(pool)
const credits = new Credits({ ...limits, shared: (each) => give(apiKey, each) })
const client = new TwelveDataClient({ apiKey, baseUrl: [baseUrl], credits })
for (let call = 0; call < calls; call++) await client.apiUsage()
await client.close()
await pool.end()
