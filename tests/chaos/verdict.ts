import { price } from '../../lib/src/base/types/index.ts'
import { deadLetterTopic } from '../../lib/src/streaming/pipelines/index.ts'
import { APPENDED } from './appendSink.ts'
import type { Engines } from './engines.ts'
import { checksumsOf, type Lake } from './lake.ts'
import { APPENDED_AT_ONCE, type Checksum, checksumOfTable, messagesIn } from './load.ts'
import type { Round } from './plan.ts'
import { LIMITS, type SinkName } from './subject.ts'

/** Most records that a consumer may have written without having committed them, for each fault; docs/architecture.md, Delivery. */
export const WRITTEN_AHEAD = 2 * LIMITS.lanes * LIMITS.maxRecords

export interface Findings {
  readonly records: number
  /** Processes that were killed, the engines' included, and such that were stopped and came back as zombies. */
  readonly kills: number
  readonly zombies: number
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
  readonly lake: Lake | undefined
  readonly produced: Checksum
  readonly appended: number
  readonly code: number | null
  readonly rounds: readonly Round[]
}

/** Holds what is in the table and the topic against what was produced. */
export async function findings({ engines, sink, lake, produced, appended, code, rounds }: Outcome): Promise<Findings> {
  const { stream } = engines
  const faults = rounds.flatMap((round) => round.faults.map(({ fault }) => fault))
  const { all, distinct: table } = lake ? await checksumsOf(lake) : await checksumsOfStore(engines, sink)
  const rows = all.count
  const appendedAgain = appended - produced.count
  const storedAgain = rows - produced.count
  const inFlight = sink === 'appended' ? faults.length * WRITTEN_AHEAD : 0
  // A record that the producer appended again is another one for a sink that does not look at keys.
  const mayBeStoredAgain = sink === 'table' ? 0 : appendedAgain + inFlight
  const deadLetters = await messagesIn(stream, deadLetterTopic(price.topic))
  const problems = [
    JSON.stringify(table) !== JSON.stringify(produced) &&
      `the table says ${JSON.stringify(table)}, produced were ${JSON.stringify(produced)}`,
    appendedAgain > faults.length * APPENDED_AT_ONCE && `${appendedAgain} messages were appended twice`,
    storedAgain > mayBeStoredAgain && `${storedAgain} records were stored again, of at most ${mayBeStoredAgain} in flight`,
    deadLetters > 0 && `${deadLetters} records became dead letters`,
    code !== 0 && `the process under test ended with code ${code}`,
  ].filter((problem) => problem !== false)
  const kills = faults.filter(({ kind }) => kind === 'kill').length
  const zombies = faults.filter(({ kind }) => kind === 'stop').length
  return { records: produced.count, kills, zombies, appendedAgain, storedAgain, mayBeStoredAgain, problems }
}

async function checksumsOfStore({ store }: Engines, sink: SinkName): Promise<{ all: Checksum; distinct: Checksum }> {
  if (sink === 'appended') {
    const [all, distinct] = [`select * from ${APPENDED}`, `select distinct * from ${APPENDED}`]
    return { all: await checksumOfTable(store, all), distinct: await checksumOfTable(store, distinct) }
  }
  const table = await checksumOfTable(store)
  return { all: table, distinct: table }
}
