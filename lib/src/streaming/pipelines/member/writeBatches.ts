import {
  type EncodedBatch,
  QiError,
  type RecordType,
  type RecordValues,
  type RowSink,
  type WriteResult,
} from '../../../base/types/index.ts'
import { type DeadLetter, damageLetter } from '../deadLetters/letter.ts'
import type { DeliveryKey } from '../delivery.ts'
import type { Attempted } from './Attempts.ts'

export interface WriteBatchesOptions {
  readonly sink: Pick<RowSink, 'name' | 'write' | 'writeEncoded'>
  /** Named in the dead letters. */
  readonly delivery: DeliveryKey
  readonly signal: AbortSignal
  /** Runs the write, retrying retryable errors. */
  readonly attempt: (write: () => Promise<WriteResult>) => Promise<Attempted<WriteResult>>
}

export interface WrittenBatches {
  /** One letter for each record that was refused or given up, and one of the stage `read` for each batch of damaged bytes. */
  readonly letters: readonly DeadLetter[]
  readonly written: number
  /** Records whose key the sink had already. */
  readonly overwritten: number
}

/** Writes batches of one topic to a sink: as encoded bytes where it takes them, else decoded. */
export async function writeBatches(
  type: RecordType,
  given: readonly EncodedBatch[],
  { sink, delivery, signal, attempt }: WriteBatchesOptions,
): Promise<WrittenBatches> {
  const letters = given.filter(({ damage }) => damage).map(damageLetter)
  const batches = given.filter(({ damage, length }) => !damage && length > 0)
  const refused = (batch: EncodedBatch, index: number, error: QiError, attempts: number) =>
    letters.push(refusalLetter(delivery, batch, index, error, attempts))
  const encoded = sink.writeEncoded?.bind(sink)
  const records: RecordValues[] = []
  const places: [EncodedBatch, number][] = []
  if (!encoded)
    for (const batch of batches)
      for (const decoded of batch.decode(type))
        if (decoded.error) refused(batch, decoded.index, decoded.error, 1)
        else {
          records.push(decoded.record)
          places.push([batch, decoded.index])
        }
  if (encoded ? batches.length === 0 : records.length === 0) return { letters, written: 0, overwritten: 0 }
  const placeOf = (index: number) => {
    const [batch, at] = places[index] as [EncodedBatch, number]
    return { topic: batch.topic, partition: batch.partition, offset: batch.offset(at) }
  }
  const { result, error, attempts } = await attempt(() =>
    encoded ? encoded(type, batches, { signal }) : sink.write(type, records, { signal, placeOf }),
  )
  if (error) {
    if (!encoded) for (const [batch, at] of places) refused(batch, at, error, attempts)
    else for (const batch of batches) for (let i = 0; i < batch.length; i++) refused(batch, i, error, attempts)
    return { letters, written: 0, overwritten: 0 }
  }
  for (const failure of result.failed) {
    const [batch, at] = encoded ? located(sink.name, batches, failure.index) : (places[failure.index] as [EncodedBatch, number])
    refused(batch, at, failure.error, attempts)
  }
  return { letters, written: result.written, overwritten: result.overwritten ?? 0 }
}

/** The dead letter of a record that a destination refused. */
export const refusalLetter = (
  { pipeline, destination }: DeliveryKey,
  batch: EncodedBatch,
  index: number,
  error: QiError,
  attempts: number,
): DeadLetter => ({
  topic: batch.topic,
  partition: batch.partition,
  offset: batch.offset(index),
  stage: 'store',
  pipeline,
  destination,
  reason: error.message,
  attempts,
  key: batch.keys[index] ?? null,
  value: batch.original(index),
})

/** The batch of a failure whose index counts through all batches, and the record's index in it. */
function located(sink: string, batches: readonly EncodedBatch[], index: number): [EncodedBatch, number] {
  let rest = index
  for (const batch of batches) {
    if (rest < batch.length) return [batch, rest]
    rest -= batch.length
  }
  throw new QiError('INTERNAL', `the sink ${sink} reported a failure of record ${index}, which it was not given`)
}
