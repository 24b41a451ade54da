import type { EncodedBatch, Position, QiError, SegmentSink, SegmentWriter, TopicPartition } from '../../../base/types/index.ts'
import type { DeadLetter } from '../deadLetters/letter.ts'
import { closeWithin } from './closeWithin.ts'
import type { LaneParts } from './lane.ts'
import { refusalLetter } from './writeBatches.ts'

/** Interval at which a lane without new records checks if its segment is due. */
const DUE_CHECK_MS = 200

/** The unacknowledged offsets of one partition. */
interface Progress {
  /** The last batch; `Subscription.holds` of it tells if the partition is still assigned. */
  readonly batch: EncodedBatch
  /** Offsets that were added and are not sealed: the first, and the one after the last. Absent: the partition is `passed`. */
  readonly added?: { readonly first: bigint; readonly next: bigint }
  readonly records: number
  /** The offset after all that was taken, also what needs no seal: damaged bytes, records for other groups. */
  readonly next: bigint
}

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

/** True for the partitions of lane `index`: each partition stays with one lane. */
export const belongsTo =
  (index: number, lanes: number) =>
  ({ partition }: TopicPartition) =>
    partition % lanes === index

/** Adds the records that it takes to segments, seals those that are due, and acknowledges only what was sealed. */
export async function runSegmentLane(
  sink: SegmentSink,
  parts: LaneParts,
  { index, lanes }: { readonly index: number; readonly lanes: number },
): Promise<void> {
  const { destination, intake, attempts, logger, signal } = parts
  const opening = await attempts.run(() => sink.openLane({ index }), { target: `opening ${destination}`, signal, forever: true })
  if (opening.error) throw opening.error
  const writer = opening.result
  const lane = new SegmentLane(writer, parts)
  const isDue = () => writer.due(Date.now()) !== undefined
  const timer = setInterval(() => intake.nudge(), DUE_CHECK_MS)
  try {
    while (intake.state !== 'finished' || isDue()) {
      const batches = await intake.take(() => !isDue(), belongsTo(index, lanes))
      lane.dropLost()
      if (batches) {
        for (const batch of batches) await lane.add(batch)
        intake.done(batches)
        for (const batch of batches) batch.release()
      }
      if (isDue()) await lane.seal()
      else await lane.acknowledge()
    }
  } finally {
    clearInterval(timer)
    lane.close()
    await closeWithin(`a lane of ${destination}`, logger, () => writer[Symbol.asyncDispose]())
  }
}

/**
 * The partitions of one lane between its segments and its commits:
 *
 * | partition | entered | left |
 * |---|---|---|
 * | without progress | at the start; when all of it is acknowledged or dropped | `add` |
 * | passed | `add` of a batch that needs no seal: damaged bytes, records for other groups, or all refused | `acknowledge` commits it · `add` of records: added |
 * | added | `add` of records | `seal` covers them all: committed · covers some: committed so far, and stays added · is given up: one dead letter, committed · the partition is assigned to another member: dropped, uncommitted |
 */
class SegmentLane {
  readonly #writer: SegmentWriter
  readonly #parts: LaneParts
  readonly #progress = new Map<string, Progress>()

  constructor(writer: SegmentWriter, parts: LaneParts) {
    this.#writer = writer
    this.#parts = parts
  }

  /** Drops the partitions that are no longer assigned to this member: their records are delivered to another. */
  dropLost(): void {
    const lost = [...this.#progress.values()].filter(({ batch }) => !this.#parts.subscription.holds(batch))
    if (lost.length > 0) this.#drop(lost)
  }

  /** Adds a batch to the segment; records that are refused become dead letters. */
  async add(taken: EncodedBatch): Promise<void> {
    const { attempts, destination, pipeline, signal, typeOf, addressed, settled, subscription } = this.#parts
    if (!subscription.holds(taken)) return
    const started = performance.now()
    const batch = addressed(taken)
    const type = typeOf(batch.topic)
    const letters: DeadLetter[] = []
    if (batch.damage || batch.length === 0) this.#note(taken, 0)
    else {
      const target = `adding records to ${destination}`
      const { result, error, attempts: tries } = await attempts.run(() => this.#writer.add(type, batch), { target, signal })
      const failures = error ? Array.from({ length: batch.length }, (_, at) => ({ index: at, error })) : result
      for (const one of failures) letters.push(refusalLetter({ pipeline, destination }, batch, one.index, one.error, tries))
      this.#note(taken, batch.length - failures.length)
    }
    if (letters.length > 0 || batch.damage)
      await settled({ type, batches: [batch], letters, written: 0, overwritten: 0, started })
  }

  /** Seals the segment and commits what it covers. A seal that the failure policy gives up becomes one dead letter a partition. */
  async seal(): Promise<void> {
    const { attempts, destination, signal } = this.#parts
    const target = `sealing a segment of ${destination}`
    const { result, error, attempts: tries } = await attempts.run(() => this.#writer.seal(signal), { target, signal })
    this.dropLost()
    if (error) return this.#giveUp(error, tries)
    const sealed = new Map(result.map((position) => [keyOf(position), position.offset]))
    const done: Position[] = []
    for (const [key, one] of this.#progress) {
      const offset = sealed.get(key)
      if (offset === undefined || !one.added) continue
      const whole = offset >= one.added.next
      await this.#settled(one.batch, [], whole ? one.records : 0)
      done.push({ ...placeOf(one.batch), offset: whole ? one.next : offset })
      if (whole) this.#forget(key)
    }
    await this.#parts.commits.add(done)
    await this.acknowledge()
  }

  /** Commits the passed partitions. */
  async acknowledge(): Promise<void> {
    const passed = [...this.#progress].filter(([, { added }]) => !added)
    for (const [key] of passed) this.#forget(key)
    await this.#parts.commits.add(passed.map(([, { batch, next }]) => ({ ...placeOf(batch), offset: next })))
  }

  close(): void {
    for (const key of [...this.#progress.keys()]) this.#forget(key)
  }

  #note(batch: EncodedBatch, records: number): void {
    const before = this.#progress.get(keyOf(batch))
    const added = records > 0 ? { first: before?.added?.first ?? batch.firstOffset, next: batch.nextOffset } : before?.added
    this.#progress.set(keyOf(batch), {
      batch,
      next: batch.nextOffset,
      records: (before?.records ?? 0) + records,
      ...(added && { added }),
    })
    this.#parts.collected(records)
  }

  async #giveUp(error: QiError, attempts: number): Promise<void> {
    const { pipeline, destination } = this.#parts
    const all = [...this.#progress.values()]
    for (const { batch, added } of all) {
      if (!added) continue
      const letter: DeadLetter = {
        ...placeOf(batch),
        ...{ offset: added.first, lastOffset: added.next - 1n, stage: 'store', pipeline, destination, attempts },
        ...{ reason: error.message, key: null, value: '' },
      }
      await this.#settled(batch, [letter])
    }
    this.#drop(all)
    await this.#parts.commits.add(all.map(({ batch, next }) => ({ ...placeOf(batch), offset: next })))
  }

  #settled(batch: EncodedBatch, letters: readonly DeadLetter[], written = 0): Promise<void> {
    const type = this.#parts.typeOf(batch.topic)
    return this.#parts.settled({ type, batches: [], letters, written, overwritten: 0, started: performance.now() })
  }

  #drop(all: readonly Progress[]): void {
    this.#writer.drop(all.map(({ batch }) => placeOf(batch)))
    for (const { batch } of all) this.#forget(keyOf(batch))
  }

  #forget(key: string): void {
    this.#parts.collected(-(this.#progress.get(key)?.records ?? 0))
    this.#progress.delete(key)
  }
}

const placeOf = ({ topic, partition }: TopicPartition): TopicPartition => ({ topic, partition })
