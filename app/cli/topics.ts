import { isBuiltInTopic, QiError, type RecordType, recordTypes, suggest, TopicCatalogue } from '../../lib/src/base/types/index.ts'
import type { FindTopics } from './engines.ts'

const all: readonly RecordType[] = Object.values(recordTypes) as readonly RecordType[]

/** The names of a record type: `price`, `prices` and `crypto-prices` are the same. */
const namesOf = ({ name, topic }: RecordType): string[] => [name, topic.replace(/^crypto-/, ''), topic]

/**
 * The record types by topic, for names of record types or topics; without names all record types.
 * @param findTopics called for a name that may be a topic of a pipeline
 * @throws QiError BAD_REQUEST with a suggestion
 */
export async function topicsNamed(names: readonly string[], findTopics: FindTopics): Promise<ReadonlyMap<string, RecordType>> {
  if (names.length === 0) return new Map(all.map((type) => [type.topic, type]))
  const found = new Map<string, RecordType>()
  for (const name of names) {
    const type = all.find((known) => namesOf(known).includes(name))
    if (type) found.set(type.topic, type)
    else found.set(name, await ofPipeline(name, findTopics))
  }
  return found
}

async function ofPipeline(name: string, findTopics: FindTopics): Promise<RecordType> {
  const catalogue = await findTopics()
  const type = catalogue.typeOf(name)
  if (type) return type
  const known = [...new Set([...all.flatMap(namesOf), ...catalogue.topics()])]
  throw new QiError('BAD_REQUEST', `there is no record type or topic ${name}${suggest(name, known)}`)
}

/** The record types of these topics; the store is asked only if one of them is a pipeline's. */
export const catalogueFor = async (topics: readonly string[], findTopics: FindTopics): Promise<TopicCatalogue> =>
  topics.every(isBuiltInTopic) ? new TopicCatalogue() : findTopics()
