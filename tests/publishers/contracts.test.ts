import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { price, silentLogger } from '../../lib/src/base/types/index.ts'
import { config as replayConfig } from '../../lib/src/publishers/sources/replay/config.ts'
import { replay } from '../../lib/src/publishers/sources/replay/index.ts'
import { config as simulatedConfig } from '../../lib/src/publishers/sources/simulated/config.ts'
import { simulated } from '../../lib/src/publishers/sources/simulated/index.ts'
import { sourceSuite } from '../contracts/sourceSuite.ts'
import { aPrice } from '../support/heldSubscription.ts'
import { temporary } from '../support/temporary.ts'

sourceSuite('simulated', {
  open: async (name) => ({
    source: await simulated.open(simulatedConfig.parse({ interval_ms: 100 }), { name, logger: silentLogger }),
  }),
})

/** More than fits one batch, so that there are several. */
const LINES = 10_000

sourceSuite('replay', {
  keepsSource: true,
  batches: 2,
  async open(name) {
    const path = join(await temporary('replay'), 'price.ndjson')
    await writeFile(path, Array.from({ length: LINES }, (_, i) => `${price.encode(aPrice(i))}\n`).join(''))
    return { source: await replay.open(replayConfig.parse({ path }), { name, logger: silentLogger }) }
  },
  async openUnreachable(name) {
    const path = join(await temporary('replay'), 'not-there.ndjson')
    return { source: await replay.open(replayConfig.parse({ path }), { name, logger: silentLogger }) }
  },
})
