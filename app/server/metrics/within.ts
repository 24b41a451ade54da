import { setTimeout } from 'node:timers/promises'

/** A scrape must not hang on an engine that is down. */
const PATIENCE_MS = 2_000

/** What is asked, or the other where it fails or takes too long. */
export async function within<T>(ask: () => Promise<T>, otherwise: T): Promise<T> {
  const stop = new AbortController()
  const late = setTimeout(PATIENCE_MS, otherwise, { signal: stop.signal }).catch(() => otherwise)
  try {
    return await Promise.race([Promise.resolve().then(ask), late])
  } catch {
    return otherwise
  } finally {
    stop.abort()
  }
}

/** Whoever asks while an answer is on its way gets that one: a scrape collects all metrics at once. */
export function together<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined
  return () => {
    asked ??= ask().finally(() => {
      asked = undefined
    })
    return asked
  }
}
