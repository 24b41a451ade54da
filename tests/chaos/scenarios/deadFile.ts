import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordsIn } from '../../support/segmentFiles.ts'
import { deadDestination } from '../deadDestination.ts'
import type { Scenario } from '../scenario.ts'

/** Somebody has moved the folder away, and a file is in its place: the delivery is parked until it is resumed. */
export const scenario: Scenario = {
  name: 'dead-file',
  summary: 'the folder of a file destination is away; the store goes on as before, and each price is there once afterwards',
  leastSeconds: 30,
  run: async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'qicore-dead-file-'))
    const [lake, away] = [join(folder, 'lake'), join(folder, 'away')]
    try {
      return await deadDestination(context, 'dead-file', {
        name: 'lake',
        yaml: `{ type: file, path: ${lake}, records: [price], roll: { age: 1s } }`,
        trouble: /consumer lake\/lake.*parked/s,
        exact: true,
        die: async (part) => {
          if (part === 1) return
          await rename(lake, away)
          await writeFile(lake, 'in the way')
        },
        revive: async ({ platform }) => {
          await rm(lake)
          await rename(away, lake)
          const resumed = await fetch(`${platform().url}/api/v1/tools/declare_pipelines`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ action: 'resume', name: 'lake' }),
          })
          if (!resumed.ok) throw new Error(`it cannot be resumed: ${resumed.status} ${await resumed.text()}`)
        },
        held: async () => {
          const times = new Map<string, number>()
          for (const { market_cap: nonce } of await recordsIn(lake)) times.set(String(nonce), (times.get(String(nonce)) ?? 0) + 1)
          return times
        },
      })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}
