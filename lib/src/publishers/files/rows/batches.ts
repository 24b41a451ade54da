import type { RecordBatch, RecordType, RecordValues, Rejected } from '../../../base/types/index.ts'

export interface Gathered {
  readonly batch: RecordBatch
  /** The line to resume from after this batch. */
  readonly next: number
}

const NONE: readonly Rejected[] = []

interface Run {
  readonly type: RecordType
  readonly records: RecordValues[]
  readonly rejected: Rejected[]
  next: number
}

/** Gathers the records of many lines into few batches, in line order. */
export class Batches {
  #runs: Run[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Adds the records of a line. A recorded answer may give several batches. */
  add(batches: readonly RecordBatch[], line: number): void {
    for (let index = 0; index < batches.length; index++) {
      const { type, records, rejected = NONE } = batches[index] as RecordBatch
      let run = this.#runs.at(-1)
      if (run?.type !== type) {
        run = { type, records: [], rejected: [], next: line }
        this.#runs.push(run)
      }
      for (const record of records) run.records.push(record)
      for (const each of rejected) run.rejected.push(each)
      run.next = index === batches.length - 1 ? line + 1 : line
      this.#size += records.length + rejected.length
    }
  }

  drain(): readonly Gathered[] {
    const runs = this.#runs
    this.#runs = []
    this.#size = 0
    return runs.map(({ type, records, rejected, next }) => ({ batch: { type, records, rejected }, next }))
  }
}
