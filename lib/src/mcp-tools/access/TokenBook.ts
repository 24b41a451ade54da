import { errorMessage, type Logger, type Pool } from '../../base/index.ts'
import { type TokenHolder, Tokens, tokenHash } from './Tokens.ts'

/** A token that was made or revoked counts after this, at the latest, in milliseconds. */
const FRESH_MS = 1_000
/** A store that is away is not asked at each request. */
const RETRY_MS = 500
/** How often the uses of tokens are noted, in milliseconds. */
const NOTE_MS = 30_000
/** Longer ones are none of ours. */
const MOST_LENGTH = 200

type Known = Awaited<ReturnType<Tokens['valid']>>

/** The valid tokens of a store, read again when a token is shown and they are older than a second. */
export class TokenBook {
  readonly #pool: () => Pool
  readonly #logger: Logger
  #known: Known = new Map()
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined
  readonly #used = new Set<string>()
  #notedAt = 0

  constructor(pool: () => Pool, logger: Logger) {
    this.#pool = pool
    this.#logger = logger
  }

  /** The holder of a secret; undefined where it is no valid token. While the store is away those known last count. */
  async find(secret: string): Promise<TokenHolder | undefined> {
    if (secret.length > MOST_LENGTH) return undefined
    if (performance.now() - this.#readAt > FRESH_MS) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined
      })
      await this.#reading
    }
    const found = this.#known.get(tokenHash(secret).toString('hex'))
    if (!found || found.expires <= Date.now()) return undefined
    this.#used.add(found.id)
    return found
  }

  async #read(): Promise<void> {
    try {
      const tokens = await Tokens.open(this.#pool())
      this.#known = await tokens.valid()
      this.#readAt = performance.now()
      if (this.#used.size === 0 || Date.now() - this.#notedAt < NOTE_MS) return
      this.#notedAt = Date.now()
      const used = [...this.#used]
      this.#used.clear()
      await tokens.used(used)
    } catch (error) {
      this.#readAt = performance.now() - FRESH_MS + RETRY_MS
      this.#logger.warn({ error: errorMessage(error) }, 'the tokens could not be read')
    }
  }
}
