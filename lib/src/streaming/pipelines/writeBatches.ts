import { type EncodedBatch, QiError, type RecordType, type RecordValues, type Sink } from '../../base/index.ts'
import { type DeadLetter, damageLetter } from './deadLetter.ts'

export interface WriteBatchesOptions {
  readonly sinks: readonly Sink[]
  readonly signal: AbortSignal
  /** Repeats a write to what bears the name for as long as a failure may pass. */
  readonly persist: <T>(target: string, write: () => Promise<T>) => Promise<T>
}

export interface WrittenBatches {
  /** Records that can never be stored as they are, and one letter of the stage `read` for each batch of damaged bytes. */
  readonly letters: readonly DeadLetter[]
  /** Records whose key was there already, by the sink that found most. */
  readonly overwritten: number
}

/** Writes batches of one topic to every sink that takes the type. */
export async function writeBatches(
  type: RecordType,
  given: readonly EncodedBatch[],
  { sinks: all, signal, persist }: WriteBatchesOptions,
): Promise<WrittenBatches> {
  const letters = new Map<string, DeadLetter>()
  const batches = given.filter((batch) => !batch.damage)
  for (const batch of given) if (batch.damage) letters.set(`${batch.partition}/${batch.firstOffset}`, damageLetter(batch))
  if (batches.length === 0) return { letters: [...letters.values()], overwritten: 0 }
  const setAside = (batch: EncodedBatch, index: number, error: QiError, attempts: number) => {
    const offset = batch.offset(index)
    const value = batch.original(index)
    const origin = { topic: batch.topic, partition: batch.partition, offset }
    letters.set(`${batch.partition}/${offset}`, {
      ...origin,
      stage: 'store',
      reason: error.message,
      attempts,
      key: batch.keys[index] ?? null,
      value,
    })
  }
  const sinks = all.filter((sink) => sink.accepts(type))
  const plain = sinks.filter((sink) => !sink.writeEncoded)
  const records: RecordValues[] = []
  const places: [EncodedBatch, number][] = []
  if (plain.length > 0)
    for (const batch of batches)
      for (const decoded of batch.decode(type))
        if (decoded.error) setAside(batch, decoded.index, decoded.error, 1)
        else {
          records.push(decoded.record)
          places.push([batch, decoded.index])
        }
  const place = (sink: Sink, index: number): [EncodedBatch, number] => {
    let rest = index
    for (const batch of batches) {
      if (rest < batch.length) return [batch, rest]
      rest -= batch.length
    }
    throw new QiError('INTERNAL', `the sink ${sink.name} reported a failure of record ${index}, which it was not given`)
  }
  const overwrites = await Promise.all(
    sinks.map(async (sink) => {
      const encoded = sink.writeEncoded?.bind(sink)
      if (!encoded && records.length === 0) return 0
      let attempts = 0
      const { failed, overwritten = 0 } = await persist(sink.name, () => {
        attempts++
        return encoded ? encoded(type, batches, { signal }) : sink.write(type, records, { signal })
      })
      for (const { index, error } of failed) {
        const [batch, at] = encoded ? place(sink, index) : (places[index] as [EncodedBatch, number])
        setAside(batch, at, error, attempts)
      }
      return overwritten
    }),
  )
  return { letters: [...letters.values()], overwritten: Math.max(0, ...overwrites) }
}
