import type { EncodedBatch, Failure, RecordType, RecordValues } from '../../types/index.ts'

/** Consecutive batches, and the index of their first record. */
interface Portion {
  readonly part: readonly EncodedBatch[]
  readonly first: number
}

/** Splits batches into portions of at most `records` records; a larger batch is a portion of its own. */
export function* portions(batches: readonly EncodedBatch[], records: number): Generator<Portion> {
  let part: EncodedBatch[] = []
  let held = 0
  let first = 0
  for (const batch of batches) {
    if (part.length > 0 && held + batch.length > records) {
      yield { part, first }
      first += held
      part = []
      held = 0
    }
    part.push(batch)
    held += batch.length
  }
  if (held > 0) yield { part, first }
}

/** Decodes all batches. @returns the records with their indexes, and the failures */
export function decodeAll(
  type: RecordType,
  batches: readonly EncodedBatch[],
): { records: RecordValues[]; indexes: number[]; failed: Failure[] } {
  const records: RecordValues[] = []
  const indexes: number[] = []
  const failed: Failure[] = []
  let first = 0
  for (const batch of batches) {
    for (const { index, record, error } of batch.decode(type)) {
      if (error) failed.push({ index: first + index, error })
      else {
        records.push(record)
        indexes.push(first + index)
      }
    }
    first += batch.length
  }
  return { records, indexes, failed }
}
