import { price } from '../../lib/src/base/index.ts'
import { deadLetterTopic } from '../../lib/src/streaming/pipelines/index.ts'
import { APPENDED } from './appendSink.ts'
import type { Engines } from './engines.ts'
import { APPENDED_AT_ONCE, type Checksum, checksumOfTable, messagesIn } from './load.ts'
import type { Fault, Round } from './plan.ts'
import { LIMITS, type SinkName } from './subject.ts'

/** What a consumer may have written without having committed it; docs/architecture.md, Delivery. */
export const WRITTEN_AHEAD = 2 * LIMITS.lanes * LIMITS.maxRecords
/** And what it may have read ahead: the intake, and one batch more that found it full; a record of the load has over 150 bytes. */
export const READ_AHEAD = Math.ceil((LIMITS.maxBytes + LIMITS.maxBytes / 8) / 150)

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
  const mayBeStoredAgain = sink === 'table' ? 0 : appendedAgain + faults.map(inFlight).reduce((a, b) => a + b, 0)
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

/**
 * What a fault may have delivered again. A consumer that was killed has forgotten what it read; one that lost its place in the
 * broker's group still has that, and reads it a second time.
 */
const inFlight = (fault: Fault): number =>
  WRITTEN_AHEAD + ('broker' === (fault.kind === 'kill' ? fault.victim : fault.network) ? READ_AHEAD : 0)
