import { price } from '../../lib/src/base/index.ts'
import { deadLetterTopic } from '../../lib/src/streaming/pipelines/index.ts'
import { APPENDED } from './appendSink.ts'
import type { Engines } from './engines.ts'
import { APPENDED_AT_ONCE, type Checksum, checksumOfTable, messagesIn } from './load.ts'
import type { Round } from './plan.ts'
import { LIMITS, type SinkName } from './subject.ts'

/** What a consumer may have written without having committed it, each time that something goes wrong; docs/architecture.md, Delivery. */
export const WRITTEN_AHEAD = 2 * LIMITS.lanes * LIMITS.maxRecords

export interface Findings {
  readonly records: number
  /** Messages in the topic beyond one a record: appends that were repeated because their answer was lost. */
  readonly appendedAgain: number
  /** Rows beyond one a record: of a sink that does not know a record again. */
  readonly storedAgain: number
  /** The most that there may be of those. */
  readonly mayBeStoredAgain: number
  readonly problems: readonly string[]
}

export interface Outcome {
  readonly engines: Engines
  readonly sink: SinkName
  readonly produced: Checksum
  readonly appended: number
  readonly code: number | null
  readonly rounds: readonly Round[]
}

/** Holds what is in the table and the topic against what was produced. */
export async function findings({ engines, sink, produced, appended, code, rounds }: Outcome): Promise<Findings> {
  const { store, stream } = engines
  const faults = rounds.flatMap((round) => round.faults.map(({ fault }) => fault))
  const table = await checksumOfTable(store, sink === 'table' ? undefined : `select distinct * from ${APPENDED}`)
  const rows = sink === 'table' ? table.count : (await checksumOfTable(store, `select * from ${APPENDED}`)).count
  const appendedAgain = appended - produced.count
  const storedAgain = rows - produced.count
  const mayBeStoredAgain = sink === 'table' ? 0 : appendedAgain + faults.length * WRITTEN_AHEAD
  const deadLetters = await messagesIn(stream, deadLetterTopic(price.topic))
  const problems = [
    JSON.stringify(table) !== JSON.stringify(produced) &&
      `the table says ${JSON.stringify(table)}, produced were ${JSON.stringify(produced)}`,
    appendedAgain > faults.length * APPENDED_AT_ONCE && `${appendedAgain} messages were appended twice`,
    storedAgain > mayBeStoredAgain && `${storedAgain} records were stored again, of at most ${mayBeStoredAgain} in flight`,
    deadLetters > 0 && `${deadLetters} records became dead letters`,
    code !== 0 && `the process under test ended with code ${code}`,
  ].filter((problem) => problem !== false)
  return { records: produced.count, appendedAgain, storedAgain, mayBeStoredAgain, problems }
}
