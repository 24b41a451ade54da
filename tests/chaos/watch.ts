import { setTimeout } from 'node:timers/promises'

/** The answers to one address that was asked again and again. */
export interface Watched {
  readonly asked: number
  readonly slowestMs: number
  /** Status or error of each that did not come or was no success, with how long it took. */
  readonly failed: readonly string[]
}

const PAUSE_MS = 100

/** Asks an address ten times a second until `stop`. */
export function watch(url: string, { timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {}): { stop(): Promise<Watched> } {
  let over = false
  let asked = 0
  let slowestMs = 0
  const failed: string[] = []
  const watching = (async () => {
    while (!over) {
      const began = performance.now()
      const failure = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
        .then(async (response) => {
          const body = await response.text()
          return response.ok ? undefined : `${response.status} ${body.slice(0, 200)}`
        })
        .catch((error: unknown) => String(error))
      const took = performance.now() - began
      asked++
      slowestMs = Math.max(slowestMs, Math.round(took))
      if (failure) failed.push(`after ${Math.round(took)} ms: ${failure}`)
      await setTimeout(PAUSE_MS)
    }
  })()
  return {
    stop: async () => {
      over = true
      await watching
      return { asked, slowestMs, failed }
    },
  }
}
