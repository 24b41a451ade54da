import type { Store } from '../lib/src/base/database/index.ts'
import type { Stream } from '../lib/src/base/types/index.ts'

/** The arguments of a scenario. */
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
  /** The service or program that is missing here, with the remedy; undefined: the scenario can run. */
  readonly lacks?: (context: BenchContext) => string | undefined
  /** @returns its figures, in Markdown */
  readonly run: (context: BenchContext) => Promise<string>
}
