import type { Coverage } from '../../../base/database/index.ts'
import {
  type HistoryType,
  type Micros,
  type RecordBatch,
  type RecordType,
  type Timeframe,
  timeframeMicros,
} from '../../../base/types/index.ts'
import type { MemberSeries, Reader } from '../../../publishers/index.ts'

/**
 * The span that a member covers, piece by piece, for a member without a record where nothing happened. Coverage holds it then, so that
 * its silences are no gaps.
 */
export class HeldSpan {
  readonly #coverage: Coverage
  readonly #type: RecordType
  readonly #series: MemberSeries
  readonly #length: Micros
  #from: Micros | undefined
  #to: Micros | undefined
  #broken = false

  private constructor(coverage: Coverage, type: RecordType, series: MemberSeries) {
    this.#coverage = coverage
    this.#type = type
    this.#series = series
    this.#length = series.timeframe ? timeframeMicros(series.timeframe as Timeframe) : 1
  }

  /** Undefined for a member whose records show by themselves what is held. */
  static of(coverage: Coverage, { type, series, sparse }: Reader): HeldSpan | undefined {
    return sparse && type?.series && series ? new HeldSpan(coverage, type, series) : undefined
  }

  add({ records, rejected = [] }: RecordBatch): void {
    if (rejected.length > 0) this.#broken = true
    for (const { time, isFinal } of records) {
      if (isFinal === false) continue
      this.#from = Math.min(this.#from ?? (time as Micros), time as Micros)
      this.#to = Math.max(this.#to ?? (time as Micros), time as Micros)
    }
  }

  /**
   * Ends a piece.
   * @param isWhole false if some of its records are dead letters: then its span is not held
   * @returns notes the span as held, for when the piece is stored
   */
  end(isWhole: boolean): () => Promise<void> {
    const [from, to] = [this.#from, this.#to]
    const holds = isWhole && !this.#broken && from !== undefined && to !== undefined
    this.#broken = false
    // The next piece begins where this one ends.
    this.#from = holds ? to : undefined
    this.#to = undefined
    return async () => {
      if (!holds) return
      const { source, coinId, currency, timeframe } = this.#series
      const span = { from, to: to + this.#length }
      const id = await this.#coverage.idOf({
        type: this.#type.name as HistoryType,
        source,
        coinId,
        currency,
        ...(timeframe && { timeframe }),
      })
      await this.#coverage.settle(id, span, { held: [span], empty: [], reason: '' })
    }
  }
}
