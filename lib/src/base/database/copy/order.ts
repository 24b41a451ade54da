import type { EncodedBatch } from '../../types/index.ts'
import { freeMemory } from '../../types/wire/index.ts'

/** Below this number of records ordering does not reduce the number of touched index leaves. */
const FEW = 64

/** The write order of the records of several batches. */
export interface ScanOrder {
  readonly length: number
  /** Batch of each record. */
  readonly batches: Int32Array
  /** Index of each record within its batch. */
  readonly indexes: Int32Array
  /** The array behind both. */
  readonly memory: Int32Array
}

/**
 * Groups records by message key, each group in order of arrival. A key stands for a series, so neighbouring rows go to the same leaf of
 * the index, which saves the server a fifth of its work.
 */
export function orderByKey(batches: readonly EncodedBatch[]): ScanOrder {
  const length = batches.reduce((sum, batch) => sum + batch.length, 0)
  const memory = new Int32Array(2 * length)
  const groups = new Int32Array(length)
  const counts = length < FEW ? [length] : countGroups(batches, groups)
  let start = 0
  const next = Int32Array.from(counts, (count) => {
    start += count
    return start - count
  })
  const order = { length, batches: memory.subarray(0, length), indexes: memory.subarray(length), memory }
  let place = 0
  batches.forEach((batch, b) => {
    for (let i = 0; i < batch.length; i++) {
      const group = groups[place++] as number
      const at = next[group] as number
      next[group] = at + 1
      order.batches[at] = b
      order.indexes[at] = i
    }
  })
  freeMemory(groups)
  return order
}

/** Writes the group of each record into `groups`. @returns the size of each group */
function countGroups(batches: readonly EncodedBatch[], groups: Int32Array): number[] {
  const counts: number[] = []
  const ids = new Map<string | null, number>()
  let place = 0
  for (const { keys } of batches)
    for (const key of keys) {
      let group = ids.get(key)
      if (group === undefined) {
        group = counts.push(0) - 1
        ids.set(key, group)
      }
      groups[place++] = group
      counts[group] = (counts[group] as number) + 1
    }
  return counts
}
