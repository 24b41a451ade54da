import type { Agent } from 'undici'
import type { TlsOptions } from './read.ts'

export interface SecureFetch extends AsyncDisposable {
  readonly fetch: typeof globalThis.fetch
  /** Ends its connections, and the calls on them. */
  close(): Promise<void>
}

/** `fetch` with a CA, a client certificate or a server name of its own, and no word of them to other callers of fetch. */
export function secureFetch(tls: TlsOptions): SecureFetch {
  let made: Promise<Agent> | undefined
  const agent = (): Promise<Agent> => {
    // Loaded where it is needed: Node's own fetch takes any agent of the same library, but does not export one.
    made ??= import('undici').then(({ Agent }) => new Agent({ connect: { ...tls } }))
    return made
  }
  const close = async () => (await made)?.destroy()
  return {
    fetch: async (input, init) => {
      const through = { ...init, dispatcher: await agent() }
      return globalThis.fetch(input, through as unknown as RequestInit)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
