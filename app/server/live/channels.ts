import { type RecordType, recordTypes } from '../../../lib/src/base/types/index.ts'

/** Channels to subscribe to, one for each record type, named as its topic without the prefix. */
export const channels: ReadonlyMap<string, RecordType> = new Map(
  Object.values(recordTypes).map((type) => [type.topic.replace(/^crypto-/, ''), type as RecordType]),
)

export const channelNames = [...channels.keys()] as [string, ...string[]]
export const liveTopics: readonly string[] = [...channels.values()].map(({ topic }) => topic)

const byTopic = new Map([...channels].map(([name, { topic }]) => [topic, name]))
export const channelOfTopic = (topic: string): string | undefined => byTopic.get(topic)
