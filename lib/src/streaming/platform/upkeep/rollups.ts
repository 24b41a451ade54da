import { setTimeout } from 'node:timers/promises'
import type { Store } from '../../../base/database/index.ts'
import type { StoreSettings } from './settings.ts'

/** Pause between passes while there is more, so that writers come first. */
const BREATH_MS = 50

/** Refreshes the rollups until stopped, or turns them off. The workers of all processes of a store share its series. */
export async function keepRollups(
  { rollups }: Pick<Store, 'rollups'>,
  { enabled, every_ms: everyMs, workers }: StoreSettings['rollups'],
  signal: AbortSignal,
): Promise<void> {
  if (!enabled) return rollups.turnOff()
  await rollups.turnOn()
  await Promise.all(
    Array.from({ length: workers }, async () => {
      while (!signal.aborted) {
        await rollups.catchUp({ signal, breathMs: BREATH_MS })
        await setTimeout(everyMs, undefined, { signal, ref: false }).catch(() => {})
      }
    }),
  )
}
