import { damagedBatch, type EncodedBatch } from '../contracts/batch.ts'
import { QiError } from '../errors.ts'
import { endOf, type ReadRecords, type RecordRun, readRecords } from './recordReader.ts'

/** Stored bytes that hold no readable records. */
export interface Damage {
  readonly reason: string
  readonly bytes: Uint8Array
  /** In milliseconds since 1970, where that is known. */
  readonly appendedAt?: number
}

/** A run of which it may be known already that it is damaged; what lies between `start` and `end` is then not read. */
export interface CheckedRun extends RecordRun {
  readonly damage?: Damage
}

export interface ReadRuns extends ReadRecords {
  readonly runs: readonly CheckedRun[]
}

/**
 * The records as batches, in offset order. A run that is damaged, or turns out to be malformed, becomes a batch of its own
 * without records ({@link EncodedBatch.damage}) and costs the others nothing.
 */
export function readRuns(input: ReadRuns): EncodedBatch[] {
  if (!input.runs.some(({ damage }) => damage))
    try {
      return readRecords(input)
    } catch (error) {
      if (!isMalformed(error)) throw error
    }
  return input.runs.flatMap((run, i) => readRun(input, { ...run, start: run.start ?? input.runs[i - 1]?.end ?? 0 }))
}

function readRun(input: ReadRuns, run: CheckedRun & { readonly start: number }): EncodedBatch[] {
  const { topic, partition, from, until } = input
  const nextOffset = endOf(run)
  const wanted = nextOffset > from && (until === undefined || run.baseOffset < until)
  const damaged = ({ reason, bytes, appendedAt }: Damage) =>
    wanted ? [damagedBatch({ topic, partition, firstOffset: run.baseOffset, nextOffset, bytes, damage: reason, appendedAt })] : []
  if (run.damage) return damaged(run.damage)
  try {
    // The other runs lie in the same buffer, so none of them may give its memory back.
    const { memory: _, ...shared } = input
    return readRecords({ ...shared, runs: [run] })
  } catch (error) {
    if (!isMalformed(error)) throw error
    const bytes = Buffer.from(input.bytes.subarray(run.start, run.end))
    return damaged({ reason: (error as QiError).message, bytes, appendedAt: run.appendedAt ?? run.baseTimestamp })
  }
}

const isMalformed = (error: unknown): boolean => error instanceof QiError && error.code === 'BAD_DATA'
