import {
  type AppendOptions,
  type DeadLetterEntry,
  type DeadLetterQuery,
  type Message,
  QiError,
  type Refusal,
  type ReplayEntry,
  type ReplayInput,
  type ReplayResult,
  type Stream,
  TopicCatalogue,
  toQiError,
} from '../../../base/types/index.ts'
import { framed, frameOf } from '../../../base/types/wire/index.ts'
import {
  type DeadLetter,
  deadLetterMessage,
  deadLetterTopic,
  isDeadLetterTopic,
  isRange,
  MAX_VALUE_BYTES,
  REPLAYED_HEADER,
  VALUE_CUTS,
} from './letter.ts'
import { listDeadLetters, placeOf, readDeadLetters } from './read.ts'
import { replayHeaders, replayRange } from './replayRange.ts'

/**
 * The dead letters of a stream, in a topic `<topic>.dlq` for each topic: one partition, created when first needed. Letters are never
 * removed from it. A replayed letter is marked by a message without a value whose header `replayed` is the letter's id.
 */
export class DeadLetters {
  readonly #stream: Stream
  readonly #catalogue: TopicCatalogue
  readonly #created = new Set<string>()

  /** @param catalogue record types of the topics that letters are replayed into */
  constructor(stream: Stream, catalogue: TopicCatalogue = new TopicCatalogue()) {
    this.#stream = stream
    this.#catalogue = catalogue
  }

  /**
   * Resolves when every letter is durable.
   * @throws QiError as {@link Stream.append}; repeating the call is harmless, because a letter of the same origin is listed once
   */
  async put(letters: readonly DeadLetter[], options?: AppendOptions): Promise<void> {
    // Damaged bytes of a dead-letter topic are listed as they are, without a letter about them.
    const kept = letters.filter(({ topic, stage }) => !(stage === 'read' && isDeadLetterTopic(topic)))
    for (const [topic, ofTopic] of Map.groupBy(kept, (letter) => deadLetterTopic(letter.topic)))
      await this.#appendCut(topic, ofTopic, options)
  }

  /** The newest dead letters, oldest first. Letters of the same origin (topic, partition, offset, stage, destination) are listed once. */
  list(options: DeadLetterQuery = {}): Promise<readonly DeadLetterEntry[]> {
    return listDeadLetters(this.#stream, options)
  }

  /**
   * Appends dead letters to their topics again. Each is validated as a record and keyed by it; one that is refused does not stop the
   * others. A letter that names a destination is addressed to that destination alone. A letter of a range appends the records that the
   * log still holds. Replaying twice is harmless: the store has primary keys.
   * @throws QiError as {@link Stream.append}
   */
  async replay(input: ReplayInput, options?: AppendOptions): Promise<ReplayResult> {
    const entries = 'ids' in input ? await this.#find(input.ids, options) : input.entries
    const messages = new Map<string, Message[]>()
    const marks: ReplayEntry[] = []
    const ranges: { readonly entry: ReplayEntry; readonly index: number }[] = []
    const refused: Refusal[] = []
    const refuse = (index: number, error: unknown) => {
      const id = 'ids' in input ? input.ids[index] : (entries[index] as ReplayEntry).id
      refused.push({ index, ...(id === undefined ? {} : { id }), error: toQiError(error) })
    }
    entries.forEach((entry, index) => {
      try {
        if (entry instanceof QiError) throw entry
        if (isRange(entry)) ranges.push({ entry, index })
        else {
          add(messages, entry.topic, messageOf(entry, this.#catalogue))
          marks.push(entry)
        }
      } catch (error) {
        refuse(index, error)
      }
    })
    let replayed = 0
    for (const [topic, ofTopic] of messages) {
      for (const part of portions(ofTopic)) await this.#stream.append(topic, part, options)
      replayed += ofTopic.length
    }
    for (const { entry, index } of ranges) {
      const { records, missing } = await replayRange(this.#stream, entry, portions, options)
      replayed += records
      if (missing) refuse(index, missing)
      if (records > 0) marks.push(entry)
    }
    // Marked last: a kill before that leaves them pending, and replaying them again is harmless.
    await this.#mark(marks, options)
    return { replayed, refused: refused.toSorted((a, b) => a.index - b.index) }
  }

  async #mark(entries: readonly ReplayEntry[], options?: AppendOptions): Promise<void> {
    const marks = new Map<string, Message[]>()
    for (const { id, topic } of entries)
      if (id !== undefined)
        add(marks, placeOf(id)?.topic ?? deadLetterTopic(topic), { key: null, value: '', headers: { [REPLAYED_HEADER]: id } })
    for (const [topic, ofTopic] of marks) await this.#append(topic, ofTopic, options)
  }

  async #find(ids: readonly string[], options?: AppendOptions): Promise<(ReplayEntry | QiError)[]> {
    const places = ids.flatMap((id) => placeOf(id) ?? [])
    const found = await readDeadLetters(this.#stream, places, options)
    return ids.map((id) => {
      if (!placeOf(id))
        return new QiError('BAD_REQUEST', `"${id}" is not the id of a dead letter, such as crypto-prices.dlq/0/17`)
      return found.get(id) ?? new QiError('NOT_FOUND', `there is no dead letter ${id}`)
    })
  }

  /** Cuts the originals shorter until the stream no longer refuses the letters for their size. */
  async #appendCut(topic: string, letters: readonly DeadLetter[], options?: AppendOptions): Promise<void> {
    for (const most of VALUE_CUTS)
      try {
        return await this.#append(
          topic,
          letters.map((letter) => deadLetterMessage(letter, most)),
          options,
        )
      } catch (error) {
        if (toQiError(error).code !== 'BAD_REQUEST' || most === 0) throw error
      }
  }

  async #append(topic: string, messages: readonly Message[], options?: AppendOptions): Promise<void> {
    if (!this.#created.has(topic)) {
      await this.#stream.createTopics([topic], { partitions: 1 })
      this.#created.add(topic)
    }
    for (const part of portions(messages)) await this.#stream.append(topic, part, options)
  }
}

/** The message that replays an entry: its record, validated and encoded again. */
function messageOf(entry: ReplayEntry, catalogue: TopicCatalogue): Message {
  if (entry.stage === 'read')
    throw new QiError(
      'BAD_REQUEST',
      'this letter holds damaged bytes instead of a record; take the records from their source again (qicore backfill)',
      { field: 'id' },
    )
  const type = catalogue.typeOf(entry.topic)
  if (!type) throw new QiError('BAD_DATA', `topic "${entry.topic}" carries no record type`, { field: 'topic' })
  const value = Buffer.from(entry.value, entry.encoding ?? 'utf8')
  if (entry.truncatedFrom !== undefined && VALUE_CUTS.some((most) => most === value.length))
    throw new QiError('BAD_DATA', `only ${value.length} of its ${entry.truncatedFrom} bytes were kept`, { field: 'value' })
  const record = type.decode(value)
  const wire = type.toWire(record, value)
  const json = JSON.stringify(wire)
  // The schema of this version does not allow fields of a later one.
  const isLater = Object.keys(wire).some((name) => !Object.hasOwn(type.schema.shape, name))
  return {
    key: type.messageKey(record),
    value: isLater && entry.schemaId !== undefined ? framed(frameOf(entry.schemaId), json) : json,
    headers: replayHeaders(entry),
  }
}

function add(messages: Map<string, Message[]>, topic: string, message: Message): void {
  const ofTopic = messages.get(topic)
  if (ofTopic) ofTopic.push(message)
  else messages.set(topic, [message])
}

/** Messages in portions that fit into one request to any broker. */
function* portions(messages: readonly Message[]): Generator<readonly Message[]> {
  let start = 0
  let bytes = 0
  for (let i = 0; i < messages.length; i++) {
    const size = (messages[i] as Message).value.length
    if (i > start && (bytes + size > MAX_VALUE_BYTES || i - start === 1000)) {
      yield messages.slice(start, i)
      start = i
      bytes = 0
    }
    bytes += size
  }
  if (start < messages.length) yield messages.slice(start)
}
