/** One process of several that share a key: calls a server under the limit and says so when it is done. */
import { once } from 'node:events'
import { createPool, sharedRateLimits } from '../../lib/src/base/database/index.ts'
import { QiError } from '../../lib/src/base/types/index.ts'

const { databaseUrl, serverUrl, key, calls, limits } = JSON.parse(process.argv[2] as string)
// All of them begin together, however long each took to start.
process.send?.('ready')
await once(process, 'message')
process.disconnect?.()
const pool = createPool(databaseUrl, { max: 2 })
const limit = sharedRateLimits(pool)(key, limits)
for (let call = 0; call < calls; call++) {
  await limit.acquire(1)
  const response = await fetch(`${serverUrl}/call?pid=${process.pid}`)
  await response.text()
  if (response.status === 429) limit.penalize(Number(response.headers.get('retry-after')) * 1000)
  else if (!response.ok) throw new QiError('UNAVAILABLE', `status ${response.status}`)
}
// A penalty that is still on its way is told before the next permit.
await limit.acquire(1)
await pool.end()
