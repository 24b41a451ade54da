import { QiError } from '../../../lib/src/base/types/index.ts'

export interface ExportLimits {
  /** Most streamed answers at once. */
  readonly exports: number
  /** Most of them for one client: a token, else an address. */
  readonly exportsPerClient: number
}

const EXPORT_LIMITS: ExportLimits = { exports: 16, exportsPerClient: 4 }

const RETRY_MS = 2_000

/** Limits the streamed answers, each of which takes a core and a database connection while it runs. */
export class ExportSlots {
  readonly #limits: ExportLimits
  readonly #byClient = new Map<string, number>()
  #taken = 0

  constructor(limits: Partial<ExportLimits> = {}) {
    this.#limits = { ...EXPORT_LIMITS, ...limits }
  }

  get taken(): number {
    return this.#taken
  }

  /**
   * @returns releases the slot; may be called again
   * @throws QiError RATE_LIMITED if none is free
   */
  take(client: string): () => void {
    const { exports, exportsPerClient } = this.#limits
    const own = this.#byClient.get(client) ?? 0
    if (own >= exportsPerClient)
      throw full(`this client has ${own} exports in progress: wait until one ends, or ask for pages with limit`)
    if (this.#taken >= exports) throw full(`${this.#taken} exports are in progress: try again later, or ask for pages with limit`)
    this.#taken++
    this.#byClient.set(client, own + 1)
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#taken--
      const left = (this.#byClient.get(client) ?? 1) - 1
      if (left > 0) this.#byClient.set(client, left)
      else this.#byClient.delete(client)
    }
  }
}

const full = (message: string): QiError => new QiError('RATE_LIMITED', message, { retryAfterMs: RETRY_MS })
