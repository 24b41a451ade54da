import { setTimeout } from 'node:timers/promises'

/** Longest wait for an engine, so that a scrape does not hang on one that is down. */
const PATIENCE_MS = 2_000

/** The result of `ask`, or the fallback if it fails or takes too long. */
export async function within<T>(ask: () => Promise<T>, fallback: T): Promise<T> {
  const stop = new AbortController()
  const late = setTimeout(PATIENCE_MS, fallback, { signal: stop.signal }).catch(() => fallback)
  try {
    return await Promise.race([Promise.resolve().then(ask), late])
  } catch {
    return fallback
  } finally {
    stop.abort()
  }
}

/** Shares one pending call among concurrent callers: a scrape collects all metrics at once. */
export function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let pending: Promise<T> | undefined
  return () => {
    pending ??= ask().finally(() => {
      pending = undefined
    })
    return pending
  }
}
