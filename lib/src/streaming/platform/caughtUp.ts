import { setTimeout } from 'node:timers/promises'
import type { DeliveryStats, Stream } from '../../base/index.ts'
import { backlogOf } from './backlog.ts'

/**
 * Returns when all that was appended has been stored, or the time is up; the rest is stored at the next start. A consumer that has
 * just been started has acknowledged nothing, and is waited for.
 * @param consumers those of this process, looked at anew each time
 */
export async function caughtUp(stream: Stream, consumers: () => readonly DeliveryStats[], withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs
  while (Date.now() < deadline) {
    const all = consumers()
    if (all.some(({ state, trouble }) => trouble !== undefined || state === 'stopped')) return
    const backlogs = await Promise.all(all.map((one) => backlogOf(stream, one))).catch(() => [])
    if (backlogs.every(({ lag }) => lag === 0)) return
    await setTimeout(20)
  }
}
