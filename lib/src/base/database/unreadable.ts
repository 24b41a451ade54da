import { QiError, toQiError } from '../types/index.ts'

/** Most rows remembered; reads skip any number of them. */
const MOST = 100
/** How long a row is remembered after it was met last, in milliseconds: one that was deleted is forgotten. */
const REMEMBERED_MS = 300_000

export interface UnreadableRow {
  readonly table: string
  /** Values of its key by column, or of the series and bucket that it is part of. */
  readonly key: Readonly<Record<string, string>>
  readonly reason: string
}

/** Rows that readers met and skipped because no record can be made of them, such as a price of NaN that another program wrote. */
export class UnreadableRows {
  readonly #rows = new Map<string, UnreadableRow & { metAt: number }>()
  readonly #now: () => number

  /** @param now milliseconds that only grow */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /**
   * The result of `read` for a row; undefined for one that cannot be read, which is remembered then.
   * @throws what `read` throws, unless it is BAD_DATA
   */
  attempt<T>(where: () => Omit<UnreadableRow, 'reason'>, read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof QiError) || error.code !== 'BAD_DATA') throw error
      this.#note({ ...where(), reason: toQiError(error).message })
      return undefined
    }
  }

  /** Those met lately, the latest last. */
  list(): readonly UnreadableRow[] {
    const oldest = this.#now() - REMEMBERED_MS
    for (const [name, { metAt }] of this.#rows) if (metAt < oldest) this.#rows.delete(name)
    return [...this.#rows.values()]
  }

  #note(row: UnreadableRow): void {
    const name = describeRow(row)
    this.#rows.delete(name)
    this.#rows.set(name, { ...row, metAt: this.#now() })
    if (this.#rows.size > MOST) this.#rows.delete(this.#rows.keys().next().value as string)
  }
}

/** `crypto_prices (coin_id bad, source other, …)`. */
export const describeRow = ({ table, key }: UnreadableRow): string =>
  `${table} (${Object.entries(key)
    .map(([column, value]) => `${column} ${value}`)
    .join(', ')})`
