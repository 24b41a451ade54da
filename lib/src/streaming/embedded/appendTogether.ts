import type { Message, Position, QiError } from '../../base/index.ts'
import type { AppendEnd } from './appended.ts'
import type { Topic } from './topics.ts'

/** Most bytes of one statement; more are several, one after another. */
const STATEMENT_BYTES = 8 * 1024 * 1024

/** An append that waits for the one before it. */
export interface Waiting {
  readonly messages: readonly Message[]
  readonly bytes: number
  readonly resolve: (positions: readonly Position[]) => void
  readonly reject: (error: QiError) => void
}

/** One append in parts that a statement takes. */
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

/** The next appends, as many as a statement takes together. */
export function take(waiting: Waiting[]): Waiting[] {
  let bytes = 0
  let count = 0
  while (count < waiting.length && (count === 0 || bytes + (waiting[count] as Waiting).bytes <= STATEMENT_BYTES))
    bytes += (waiting[count++] as Waiting).bytes
  return waiting.splice(0, count)
}

/** How far each of the appends that were written together filled its partitions. */
export function endsOfEach(
  topic: Topic,
  together: readonly Waiting[],
  chosen: ArrayLike<number>,
  ends: ReadonlyMap<number, AppendEnd>,
): readonly (readonly Position[])[] {
  const after = topic.partitions.map(({ id }) => ends.get(id)?.nextOffset ?? 0n)
  const result: (readonly Position[])[] = []
  let at = chosen.length
  for (let e = together.length - 1; e >= 0; e--) {
    const counts = new Map<number, number>()
    for (let i = (together[e] as Waiting).messages.length; i > 0; i--) {
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
