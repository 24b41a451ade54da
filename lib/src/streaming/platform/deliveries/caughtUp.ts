import { setTimeout } from 'node:timers/promises'
import type { DeliveryStats, Stream } from '../../../base/types/index.ts'
import { backlogOf } from './backlog.ts'

/**
 * Returns once the consumers have stored all that was appended, or the time is over, or one of them has trouble. A consumer that has just
 * started has acknowledged nothing, and is waited for.
 * @param consumers statistics of those of this process, read again each time
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
