import {
  type ExactJson,
  errorMessage,
  type Micros,
  type Origin,
  type RecordBatch,
  type RecordType,
  type RecordValues,
  type Rejected,
} from '../../../base/types/index.ts'

/** Origin of a body: source, time and way. */
export interface Seen {
  /** Name of the source that called. */
  readonly source: string
  readonly receivedAt: Micros
  readonly origin: Origin
}

/** A part of a body that is no valid record. */
export interface Refused extends Rejected {
  /** Its place in the body, as path patterns: `2`, or `data.*.usd`. */
  readonly paths: readonly string[]
  /** Set if the provider does not have what was requested, such as `coin x` or `currency y`: the request is wrong, not the answer. */
  readonly asked?: string
}

/** Records and refusals of one body. */
export interface Parsed<R extends RecordValues = RecordValues> extends RecordBatch<R> {
  readonly rejected: readonly Refused[]
}

/** Collects the records of a body. An invalid part is refused with its reason; the others are kept. */
export class Collector<R extends RecordValues> {
  readonly #type: RecordType<R>
  readonly #records: R[] = []
  readonly #rejected: Refused[] = []

  constructor(type: RecordType<R>) {
    this.#type = type
  }

  /** Makes and checks the record of one part of the body. */
  add(paths: string | readonly string[], part: ExactJson, make: () => R): void {
    try {
      this.#records.push(this.#type.check(make()))
    } catch (error) {
      this.refuse(paths, part, errorMessage(error))
    }
  }

  refuse(paths: string | readonly string[], part: ExactJson, reason: string, asked?: string): void {
    const original = JSON.stringify(part)
    this.#rejected.push({ paths: typeof paths === 'string' ? [paths] : paths, reason, original, ...(asked && { asked }) })
  }

  done(order?: (a: R, b: R) => number): Parsed<R> {
    if (order) this.#records.sort(order)
    return { type: this.#type, records: this.#records, rejected: this.#rejected }
  }
}
