import type { EncodedBatch, Position, QiError, SegmentSink, SegmentWriter, TopicPartition } from '../../base/index.ts'
import { closeWithin } from './closeWithin.ts'
import type { DeadLetter } from './deadLetter.ts'
import type { LaneParts } from './lane.ts'
import { refusalLetter } from './writeBatches.ts'

/** How often a lane without records looks whether its segment is due. */
const LOOK_MS = 200

/** Records of a partition that a lane has taken since its last commit. */
interface Collected {
  /** The last batch, which tells whether the partition is still held. */
  readonly batch: EncodedBatch
  /** Offsets that were added and are not sealed: the first, and the one behind the last. Absent where nothing was added. */
  readonly added?: { readonly first: bigint; readonly next: bigint }
  readonly records: number
  /** Behind all that needs no seal either: damaged bytes, records for others. */
  readonly next: bigint
}

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

/** Each partition stays with one lane, whose writer collects it. */
export const belongsTo =
  (index: number, lanes: number) =>
  ({ partition }: TopicPartition) =>
    partition % lanes === index

/** Adds what it takes to segments, seals those that are due, and acknowledges only what was sealed. */
export async function segmentLane(
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
  const look = setInterval(() => intake.nudge(), LOOK_MS)
  try {
    while (!(intake.finished && !isDue())) {
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
    clearInterval(look)
    lane.close()
    await closeWithin(`a lane of ${destination}`, logger, () => writer[Symbol.asyncDispose]())
  }
}

class SegmentLane {
  readonly #writer: SegmentWriter
  readonly #parts: LaneParts
  readonly #collected = new Map<string, Collected>()

  constructor(writer: SegmentWriter, parts: LaneParts) {
    this.#writer = writer
    this.#parts = parts
  }

  /** Forgets the partitions that this member no longer holds: another is given their records. */
  dropLost(): void {
    const lost = [...this.#collected.values()].filter(({ batch }) => !this.#parts.subscription.holds(batch))
    if (lost.length > 0) this.#drop(lost)
  }

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
      const { result, error, attempts: many } = await attempts.run(() => this.#writer.add(type, batch), { target, signal })
      const failures = error ? Array.from({ length: batch.length }, (_, at) => ({ index: at, error })) : result
      for (const one of failures) letters.push(refusalLetter({ pipeline, destination }, batch, one.index, one.error, many))
      this.#note(taken, batch.length - failures.length)
    }
    if (letters.length > 0 || batch.damage)
      await settled({ type, batches: [batch], letters, written: 0, overwritten: 0, started })
  }

  /** Makes durable what was added; what the policy gives up becomes one letter a partition. */
  async seal(): Promise<void> {
    const { attempts, destination, signal } = this.#parts
    const target = `sealing a segment of ${destination}`
    const { result, error, attempts: many } = await attempts.run(() => this.#writer.seal(signal), { target, signal })
    this.dropLost()
    if (error) return this.#giveUp(error, many)
    const sealed = new Map(result.map((position) => [keyOf(position), position.offset]))
    const done: Position[] = []
    for (const [key, one] of this.#collected) {
      const offset = sealed.get(key)
      if (offset === undefined || !one.added) continue
      const whole = offset >= one.added.next
      await this.#tell(one, whole ? one.records : 0)
      done.push({ ...placeOf(one.batch), offset: whole ? one.next : offset })
      if (whole) this.#forget(key)
    }
    await this.#parts.commits.add(done)
    await this.acknowledge()
  }

  /** Acknowledges partitions of which nothing waits to be sealed. */
  async acknowledge(): Promise<void> {
    const free = [...this.#collected].filter(([, { added }]) => !added)
    for (const [key] of free) this.#forget(key)
    await this.#parts.commits.add(free.map(([, { batch, next }]) => ({ ...placeOf(batch), offset: next })))
  }

  close(): void {
    for (const key of [...this.#collected.keys()]) this.#forget(key)
  }

  #note(batch: EncodedBatch, records: number): void {
    const before = this.#collected.get(keyOf(batch))
    const added = records > 0 ? { first: before?.added?.first ?? batch.firstOffset, next: batch.nextOffset } : before?.added
    this.#collected.set(keyOf(batch), {
      batch,
      next: batch.nextOffset,
      records: (before?.records ?? 0) + records,
      ...(added && { added }),
    })
    this.#parts.collected(records)
  }

  async #giveUp(error: QiError, attempts: number): Promise<void> {
    const { pipeline, destination } = this.#parts
    const all = [...this.#collected.values()]
    for (const { batch, added } of all) {
      if (!added) continue
      const letter: DeadLetter = {
        ...placeOf(batch),
        ...{ offset: added.first, lastOffset: added.next - 1n, stage: 'store', pipeline, destination, attempts },
        ...{ reason: error.message, key: null, value: '' },
      }
      await this.#settledAlone(batch, [letter])
    }
    this.#drop(all)
    await this.#parts.commits.add(all.map(({ batch, next }) => ({ ...placeOf(batch), offset: next })))
  }

  #tell({ batch }: Collected, written: number): Promise<void> {
    return this.#settledAlone(batch, [], written)
  }

  #settledAlone(batch: EncodedBatch, letters: readonly DeadLetter[], written = 0): Promise<void> {
    const type = this.#parts.typeOf(batch.topic)
    return this.#parts.settled({ type, batches: [], letters, written, overwritten: 0, started: performance.now() })
  }

  #drop(all: readonly Collected[]): void {
    this.#writer.drop(all.map(({ batch }) => placeOf(batch)))
    for (const { batch } of all) this.#forget(keyOf(batch))
  }

  #forget(key: string): void {
    this.#parts.collected(-(this.#collected.get(key)?.records ?? 0))
    this.#collected.delete(key)
  }
}

const placeOf = ({ topic, partition }: TopicPartition): TopicPartition => ({ topic, partition })
