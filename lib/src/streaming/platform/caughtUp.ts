import { setTimeout } from 'node:timers/promises'
import type { ConsumerStats, Stream } from '../../base/index.ts'

/**
 * Returns when all that was appended has been stored, or the time is up; the rest is stored at the next start.
 * @param consumers those of this process, looked at anew each time
 */
export async function caughtUp(stream: Stream, consumers: () => readonly ConsumerStats[], withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs
  const groups = consumers().map(({ group }) => group)
  while (Date.now() < deadline) {
    const lags = await Promise.all(groups.map((group) => stream.lag(group))).catch(() => [])
    const running = consumers().every(({ state }) => state === 'running')
    if (!running || lags.flat().every(({ lag }) => lag === 0n)) return
    await setTimeout(20)
  }
}
