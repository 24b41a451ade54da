import { QiError, type WriteResult } from '../../../../base/types/index.ts'
import { cutAt, type Entries, type Entry, type Limits } from './entries.ts'
import type { Refusals } from './Refusals.ts'

/** The records of one partition. Those before `next` are settled: accepted, or refused. */
interface Line {
  readonly entries: readonly Entry[]
  next: number
  /** Start of the refused records directly before `next`; undefined where the last one was accepted. */
  refusedFrom: number | undefined
}

export interface Sending {
  /** @returns the refusal of the records. @throws QiError where nothing can be sent now, or at all */
  readonly send: (part: readonly Entry[]) => Promise<QiError | undefined>
  readonly refusals: Refusals
  /** True once another partition has failed: no further request is begun. */
  readonly stopped: () => boolean
}

/** The records of one write, over all its attempts: an attempt continues where the one before it failed. */
export class Shipment {
  readonly lines: readonly Line[]
  readonly #limits: Limits
  readonly #broken: Entries['broken']
  readonly #refused = new Map<number, QiError>()
  #written = 0

  constructor({ lines, broken }: Entries, limits: Limits) {
    this.lines = lines.map((entries) => ({ entries, next: 0, refusedFrom: undefined }))
    this.#broken = broken
    this.#limits = limits
  }

  get result(): WriteResult {
    const refused = [...this.#refused].map(([index, error]) => ({ index, error }))
    return { written: this.#written, failed: [...this.#broken, ...refused].toSorted((a, b) => a.index - b.index) }
  }

  /** Sends the unsettled records of a partition, one request after another. @throws QiError */
  async send(line: Line, sending: Sending): Promise<void> {
    while (line.next < line.entries.length && !sending.stopped())
      await this.#part(line, line.next, cutAt(line.entries, line.next, this.#limits), sending)
  }

  /** Makes the records that were refused since the last accepted one unsettled again. */
  forgetRefused(): void {
    for (const line of this.lines) {
      if (line.refusedFrom === undefined) continue
      for (const { index } of line.entries.slice(line.refusedFrom, line.next)) this.#refused.delete(index)
      line.next = line.refusedFrom
      line.refusedFrom = undefined
    }
  }

  /** Bisects a refused request, the first half first, until the refused records are found. */
  async #part(line: Line, from: number, to: number, sending: Sending): Promise<void> {
    const refusal = await sending.send(line.entries.slice(from, to))
    if (!refusal) {
      this.#written += to - from
      line.next = to
      line.refusedFrom = undefined
      sending.refusals.accepted()
    } else if (to - from > 1) {
      const half = from + Math.ceil((to - from) / 2)
      await this.#part(line, from, half, sending)
      if (!sending.stopped()) await this.#part(line, half, to, sending)
    } else {
      if (!sending.refusals.count()) throw new QiError('BAD_DATA', `${refusal.message}; ${sending.refusals.message}`)
      this.#refused.set((line.entries[from] as Entry).index, refusal)
      line.refusedFrom ??= from
      line.next = to
    }
  }
}
