import {
  type CheckResult,
  type HistoryType,
  type Micros,
  type RecordBatch,
  type RecordType,
  type RecordValues,
  recordTypes,
  type Source,
} from '../../../base/types/index.ts'
import type { Arrivals } from './Arrivals.ts'

/** One window of history as a source, so that a publisher can carry it into the stream. */
export class WindowSource implements Source {
  readonly name: string
  readonly #batches: (signal: AbortSignal) => AsyncIterable<RecordBatch>
  readonly #type: HistoryType
  readonly #arrivals: Arrivals
  /** Identity of a record within its series. */
  readonly #key: readonly string[]
  readonly #closing = new AbortController()

  constructor(name: string, type: HistoryType, arrivals: Arrivals, batches: (signal: AbortSignal) => AsyncIterable<RecordBatch>) {
    this.name = name
    this.#type = type
    this.#arrivals = arrivals
    this.#batches = batches
    const { key, series, fields } = recordTypes[type] as unknown as RecordType
    const own = key.filter((column) => !series?.by.includes(column))
    this.#key = fields.flatMap(({ name, property }) => (own.includes(name) ? [property] : []))
  }

  #keyOf(record: RecordValues): string | number {
    return this.#key.length === 1 ? (record.time as Micros) : this.#key.map((property) => record[property]).join('\n')
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    const { signal } = this.#closing
    try {
      for await (const batch of this.#batches(signal)) {
        yield batch
        if (batch.type.name !== this.#type) continue
        for (const record of batch.records) this.#arrivals.add(record.time as Micros, this.#keyOf(record))
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  async check(): Promise<CheckResult> {
    return { ok: true, summary: 'a window of history' }
  }

  async close(): Promise<void> {
    this.#closing.abort()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
