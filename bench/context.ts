import type { Store, Stream } from '../lib/src/base/index.ts'

/** What a scenario gets. */
export interface BenchContext {
  readonly store: Store
  readonly stream: Stream
  /** For files that are needed on the way; removed at the end. */
  readonly folder: string
  readonly records: number
  readonly rounds: number
  readonly note: (line: string) => void
}
