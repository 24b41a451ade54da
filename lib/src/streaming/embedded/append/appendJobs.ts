import type { Message, Position, QiError } from '../../../base/types/index.ts'
import type { Topic } from '../admin/topic.ts'
import type { AppendEnd } from './appendSql.ts'

/** Most message bytes of one statement; larger appends become several statements. */
const STATEMENT_BYTES = 8 * 1024 * 1024

/** An append, or a slice of a large one, that waits for its turn. */
export interface AppendJob {
  readonly messages: readonly Message[]
  readonly bytes: number
  readonly resolve: (positions: readonly Position[]) => void
  readonly reject: (error: QiError) => void
}

/** Cuts an append into slices that each fit one statement. */
export function* slices(messages: readonly Message[]): Generator<{ messages: readonly Message[]; bytes: number }> {
  let from = 0
  let bytes = 0
  for (let i = 0; i < messages.length; i++) {
    bytes += (messages[i] as Message).value.length
    if (bytes < STATEMENT_BYTES && i + 1 < messages.length) continue
    yield { messages: from === 0 && i + 1 === messages.length ? messages : messages.slice(from, i + 1), bytes }
    from = i + 1
    bytes = 0
  }
}

/** Removes the next jobs from the queue: as many as fit one statement together, at least one. */
export function takeJobs(waiting: AppendJob[]): AppendJob[] {
  let bytes = 0
  let count = 0
  while (count < waiting.length && (count === 0 || bytes + (waiting[count] as AppendJob).bytes <= STATEMENT_BYTES))
    bytes += (waiting[count++] as AppendJob).bytes
  return waiting.splice(0, count)
}

/**
 * The positions after each of several jobs that were written together.
 * @param chosen the partition of each message, over all jobs
 * @param ends the end of the whole statement in each partition, by serial id
 */
export function endsOfEach(
  topic: Topic,
  jobs: readonly AppendJob[],
  chosen: ArrayLike<number>,
  ends: ReadonlyMap<number, AppendEnd>,
): readonly (readonly Position[])[] {
  const after = topic.partitions.map(({ id }) => ends.get(id)?.nextOffset ?? 0n)
  const result: (readonly Position[])[] = []
  let at = chosen.length
  // From the last job back to the first: each ends where the one after it begins.
  for (let e = jobs.length - 1; e >= 0; e--) {
    const counts = new Map<number, number>()
    for (let i = (jobs[e] as AppendJob).messages.length; i > 0; i--) {
      const partition = chosen[--at] as number
      counts.set(partition, (counts.get(partition) ?? 0) + 1)
    }
    result[e] = [...counts.keys()]
      .sort((a, b) => a - b)
      .map((partition) => ({ topic: topic.name, partition, offset: after[partition] as bigint }))
    for (const [partition, count] of counts) after[partition] = (after[partition] as bigint) - BigInt(count)
  }
  return result
}
