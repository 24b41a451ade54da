import { throwIfAborted } from '../../../../base/networking/index.ts'
import {
  type EncodedBatch,
  QiError,
  type RecordType,
  type RecordValues,
  type RowSink,
  toQiError,
  type WriteOptions,
  type WriteResult,
} from '../../../../base/types/index.ts'
import { judge, type Receiver } from './answers.ts'
import { type Entries, type Entry, entriesOf, entriesOfRecords, type Limits } from './entries.ts'
import type { HttpTarget, Sent } from './HttpTarget.ts'
import { Permits } from './Permits.ts'
import { Refusals } from './Refusals.ts'
import { Shipment } from './Shipment.ts'

export interface HttpSinkOptions extends Limits, Pick<Receiver, 'alsoDone'> {
  /** The destination. */
  readonly name: string
  readonly pipeline: string
  readonly target: HttpTarget
  readonly inFlight: number
  readonly accepts: RowSink['accepts']
  /** Makes the request for these records, again for each attempt. @throws QiError BAD_DATA where a record cannot be put into one */
  readonly request: (type: RecordType, entries: readonly Entry[]) => Sent
  readonly test?: RowSink['test']
}

/**
 * Sends records in requests, at least once: one request at a time for a partition, several partitions at once. A write that is retried
 * continues after the records that were accepted before.
 */
export class HttpSink implements RowSink {
  readonly name: string
  readonly guarantee = 'at_least_once'
  readonly accepts: RowSink['accepts']
  readonly test?: RowSink['test']
  readonly #options: HttpSinkOptions
  readonly #permits: Permits
  readonly #refusals = new Refusals()
  /** Shipments under way, by the list of batches or records: a retried write passes the same list. */
  readonly #shipments = new WeakMap<object, Shipment>()

  constructor(options: HttpSinkOptions) {
    this.#options = options
    this.name = options.name
    this.accepts = options.accepts
    if (options.test) this.test = options.test
    this.#permits = new Permits(options.inFlight)
  }

  writeEncoded(type: RecordType, batches: readonly EncodedBatch[], { signal }: WriteOptions = {}): Promise<WriteResult> {
    return this.#write(type, batches, () => entriesOf(type, batches, this.#options.pipeline), signal)
  }

  write<R extends RecordValues>(
    type: RecordType<R>,
    records: readonly R[],
    { signal, placeOf }: WriteOptions = {},
  ): Promise<WriteResult> {
    const { pipeline } = this.#options
    const entries = () => entriesOfRecords(type, records, { pipeline, placeOf })
    return this.#write(type as unknown as RecordType, records, entries, signal)
  }

  check: RowSink['check'] = () => this.#options.target.check()

  close(): Promise<void> {
    return this.#options.target.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #write(type: RecordType, given: object, entries: () => Entries, signal: AbortSignal | undefined): Promise<WriteResult> {
    const shipment = this.#shipments.get(given) ?? new Shipment(entries(), this.#options)
    this.#shipments.set(given, shipment)
    this.#refusals.begin()
    const failures: QiError[] = []
    const send = (part: readonly Entry[]) => this.#permits.run(() => this.#send(type, part, signal))
    await Promise.all(
      shipment.lines.map((line) =>
        shipment.send(line, { send, refusals: this.#refusals, stopped: () => failures.length > 0 }).catch((error: unknown) => {
          failures.push(toQiError(error))
        }),
      ),
    )
    if (failures.length === 0) return shipment.result
    throwIfAborted(signal)
    const worst = worstOf(failures)
    if (!worst.retryable) {
      shipment.forgetRefused()
      this.#refusals.parked()
    }
    throw worst
  }

  /** @returns the refusal of the records; undefined where they were accepted */
  async #send(type: RecordType, part: readonly Entry[], signal: AbortSignal | undefined): Promise<QiError | undefined> {
    const { target, request, alsoDone } = this.#options
    let sent: Sent
    try {
      sent = request(type, part)
    } catch (error) {
      if (error instanceof QiError && error.code === 'BAD_DATA') return error
      throw error
    }
    const answer = await target.send(sent, signal)
    return judge(answer, { origin: target.origin, at: target.at, ...(alsoDone && { alsoDone }) })
  }
}

/** A refusal of everything, else the failure with the longest wait. */
const worstOf = (failures: readonly QiError[]): QiError =>
  failures.find(({ retryable }) => !retryable) ??
  (failures.toSorted((a, b) => (b.retryAfterMs ?? 0) - (a.retryAfterMs ?? 0))[0] as QiError)
