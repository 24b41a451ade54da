import { QiError, type Stream, suggest, type TopicDescription } from '../../base/types/index.ts'

/** @throws QiError NOT_FOUND with a suggestion */
export async function topicNamed(stream: Stream, name: string): Promise<TopicDescription> {
  const [found] = await stream.describeTopics([name])
  if (found) return found
  const known = (await stream.describeTopics()).map((topic) => topic.name)
  const hint = known.length > 20 ? '; manage_topics lists them' : suggest(name, known)
  throw new QiError('NOT_FOUND', `topic "${name.slice(0, 60)}" does not exist${hint}`, { field: 'topic' })
}

/** Most messages that a topic can hold: compacted ones count too. */
export const messagesIn = ({ partitions }: TopicDescription): number =>
  partitions.reduce((sum, { earliest, latest }) => sum + Number(latest - earliest), 0)
