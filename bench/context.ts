import type { Store, Stream } from '../lib/src/base/index.ts'

/** What a scenario gets. */
export interface BenchContext {
  readonly store: Store
  readonly stream: Stream
  /** Where the stream is a Kafka. */
  readonly brokers: readonly string[] | undefined
  /** For files that are needed on the way; removed at the end. */
  readonly folder: string
  readonly records: number
  readonly rounds: number
  readonly note: (line: string) => void
}

export interface Scenario {
  /** What it lacks here, with the remedy; it runs where this is undefined. */
  readonly lacks?: (context: BenchContext) => string | undefined
  /** @returns its figures, in Markdown */
  readonly run: (context: BenchContext) => Promise<string>
}
