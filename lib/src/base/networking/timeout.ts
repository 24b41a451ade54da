import { TaskCancelledError, TimeoutStrategy, timeout } from 'cockatiel'
import { QiError } from '../types/index.ts'
import { abortError, throwIfAborted } from './clock.ts'
import { publishNetworkEvent } from './events.ts'

/**
 * Runs the work with a time limit. Then its signal is aborted and the call rejects, even if the work ignores the signal.
 * @throws QiError TIMEOUT naming the peer; the reason of the outer signal
 */
export async function withTimeout<T>(
  ms: number,
  peer: string,
  work: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  throwIfAborted(outer)
  const policy = timeout(ms, { strategy: TimeoutStrategy.Aggressive, abortOnReturn: false })
  // `late` tells our own timeout from an error of the aborted work.
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
