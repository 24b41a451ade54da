import { TaskCancelledError, TimeoutStrategy, timeout } from 'cockatiel'
import { QiError } from '../types/index.ts'
import { abortError, throwIfAborted } from './clock.ts'
import { publishNetworkEvent } from './events.ts'

/**
 * The work, given up after so many milliseconds: its signal is aborted, and the caller hears of it even if the work does not.
 * @throws QiError TIMEOUT naming the peer; what the outer signal was aborted with
 */
export async function withTimeout<T>(
  ms: number,
  peer: string,
  work: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  throwIfAborted(outer)
  const policy = timeout(ms, { strategy: TimeoutStrategy.Aggressive, abortOnReturn: false })
  // `late` tells our own time-out from what the work threw because its signal was aborted.
  let late = false
  const listening = policy.onTimeout(() => {
    late = !outer?.aborted
  })
  try {
    return await policy.execute(({ signal }) => work(signal), outer)
  } catch (error) {
    if (outer?.aborted) throw abortError(outer)
    if (!late && !(error instanceof TaskCancelledError)) throw error
    publishNetworkEvent({ type: 'timeout', peer, ms })
    throw new QiError('TIMEOUT', `${peer}: no answer within ${ms} ms`, { cause: error })
  } finally {
    listening.dispose()
  }
}
