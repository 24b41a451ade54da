import type { RecordType, RecordValues } from '../records/index.ts'

/** Input that a source could not turn into a record: its text, and why. */
export interface Rejected {
  readonly reason: string
  readonly original: string
}

/** Records of one type, in the order of the market. */
export interface RecordBatch<R extends RecordValues = RecordValues> {
  readonly type: RecordType<R>
  readonly records: readonly R[]
  readonly rejected?: readonly Rejected[]
}
