import { setTimeout as timer } from 'node:timers/promises'
import type { Pool } from '../../base/database/index.ts'
import type { Logger } from '../../base/types/index.ts'
import { type TokenHolder, Tokens, tokenHash } from './Tokens.ts'

/** A revoked token is refused after this at the latest, in milliseconds. */
const FRESH_MS = 1_000
/** Least time between two reads because of unknown tokens, in milliseconds. */
const UNKNOWN_MS = 100
/** Least time between two reads while the store is down, in milliseconds. */
const RETRY_MS = 500
/** Interval at which uses of tokens are recorded, in milliseconds. */
const NOTE_MS = 30_000
/** Our tokens are shorter. */
const MOST_LENGTH = 200

type Known = Awaited<ReturnType<Tokens['valid']>>

/** A cache of the valid tokens of a store, refreshed on use if it is older than a second. */
export class TokenBook {
  readonly #pool: () => Pool
  readonly #logger: Logger
  #known: Known = new Map()
  #readAt = Number.NEGATIVE_INFINITY
  #triedAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined
  readonly #used = new Set<string>()
  #notedAt = 0
  /** Callbacks of connections that outlast a request, by the id of their token. */
  readonly #watched = new Map<string, Set<() => void>>()
  #watching: NodeJS.Timeout | undefined

  constructor(pool: () => Pool, logger: Logger) {
    this.#pool = pool
    this.#logger = logger
  }

  /** The holder of a secret; undefined if it is no valid token. While the store is down the cached tokens count. */
  async find(secret: string): Promise<TokenHolder | undefined> {
    if (secret.length > MOST_LENGTH) return undefined
    const hash = tokenHash(secret).toString('hex')
    if (performance.now() - this.#readAt > FRESH_MS) await this.#readAgain()
    // It may be brand new.
    else if (!this.#known.has(hash)) await this.#readAgain(UNKNOWN_MS)
    const found = this.#known.get(hash)
    if (!found || found.expires <= Date.now()) return undefined
    this.#used.add(found.id)
    return found
  }

  /**
   * Calls back once when a token is revoked or expires, within about a second. While any token is watched, tokens are read each second.
   * @returns a function that ends the watch
   */
  watch(id: string, onEnded: () => void): () => void {
    const callbacks = this.#watched.get(id) ?? new Set()
    this.#watched.set(id, callbacks.add(onEnded))
    this.#watching ??= setInterval(() => void this.#readAgain(), FRESH_MS).unref()
    return () => {
      callbacks.delete(onEnded)
      if (callbacks.size === 0 && this.#watched.get(id) === callbacks) this.#forget(id)
    }
  }

  #forget(id: string): void {
    this.#watched.delete(id)
    if (this.#watched.size > 0) return
    clearInterval(this.#watching)
    this.#watching = undefined
  }

  #tellEnded(): void {
    if (this.#watched.size === 0) return
    const now = Date.now()
    const valid = new Set([...this.#known.values()].filter(({ expires }) => expires > now).map(({ id }) => id))
    for (const [id, callbacks] of this.#watched) {
      if (valid.has(id)) continue
      this.#forget(id)
      for (const onEnded of callbacks) onEnded()
    }
  }

  /** @param spacing least time since the last read, in milliseconds */
  #readAgain(spacing = 0): Promise<void> {
    const wait = Math.max(0, this.#triedAt + spacing - performance.now())
    this.#reading ??= timer(wait, undefined, { ref: false })
      .then(() => this.#read())
      .finally(() => {
        this.#reading = undefined
        this.#tellEnded()
      })
    return this.#reading
  }

  async #read(): Promise<void> {
    this.#triedAt = performance.now()
    try {
      const tokens = await Tokens.open(this.#pool())
      this.#known = await tokens.valid()
      this.#readAt = this.#triedAt
      if (this.#used.size === 0 || Date.now() - this.#notedAt < NOTE_MS) return
      this.#notedAt = Date.now()
      const used = [...this.#used]
      this.#used.clear()
      await tokens.used(used)
    } catch (error) {
      this.#readAt = performance.now() - FRESH_MS + RETRY_MS
      this.#logger.warn({ err: error }, 'the tokens could not be read')
    }
  }
}
