import { QiError, toQiError } from '../../types/index.ts'

/** Most rows remembered; any number is skipped. */
const MOST = 100
/** How long a row is remembered after it was last read, in milliseconds; so a deleted row is forgotten. */
const REMEMBERED_MS = 300_000

export interface UnreadableRow {
  readonly table: string
  /** Its key by column, or the series and bucket it belongs to. */
  readonly key: Readonly<Record<string, string>>
  readonly reason: string
}

/** Remembers rows that reads skipped because they are no valid record, such as a price of NaN written by another program. */
export class UnreadableRows {
  readonly #rows = new Map<string, UnreadableRow & { metAt: number }>()
  readonly #now: () => number

  /** @param now monotonic clock in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /**
   * Returns the result of `read`. If it throws BAD_DATA, remembers the row and returns undefined.
   * @throws any other error of `read`
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

  /** Rows read lately, the latest last. */
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
