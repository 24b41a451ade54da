import { setTimeout } from 'node:timers/promises'
import type { Store } from '../../../base/index.ts'
import type { StoreSettings } from './settings.ts'

/** Between passes while there is more: writers come first. */
const BREATH_MS = 50

/** Keeps the rollups fresh until stopped, or turns them off. Of all processes on one store one at a time is at it. */
export async function keepRollups(
  { rollups }: Pick<Store, 'rollups'>,
  { enabled, every_ms: everyMs }: StoreSettings['rollups'],
  signal: AbortSignal,
): Promise<void> {
  if (!enabled) return rollups.turnOff()
  await rollups.turnOn()
  while (!signal.aborted) {
    const { more } = await rollups.pass()
    await setTimeout(more ? BREATH_MS : everyMs, undefined, { signal, ref: false }).catch(() => {})
  }
}
