import { setTimeout } from 'node:timers/promises'

/**
 * Resolves with the first answer that is neither undefined nor false, asked again every few milliseconds; for what gives no event
 * of its own, such as a row count.
 * @throws the last failure, or `timed out`, after `timeoutMs`
 */
export async function until<T>(
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  what: string,
  timeoutMs = 120_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  let failure: unknown
  while (Date.now() < deadline) {
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
      failure = undefined
    } catch (error) {
      failure = error
    }
    await setTimeout(10)
  }
  throw new Error(`timed out after ${timeoutMs} ms waiting for ${what}`, { cause: failure })
}
