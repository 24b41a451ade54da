import { formatTime, type Micros, type TopicPartition } from '../types/index.ts'

/** Digits of the largest offset. */
const DIGITS = 20

/** The folder of a record: its type, source and UTC day, `price/source=coingecko/date=2026-01-05`. */
export const folderOf = (type: string, source: string, time: Micros): string =>
  `${type}/source=${source}/date=${formatTime(time).slice(0, 10)}`

/** The beginning of the names of a partition's segments. */
export const stemOf = ({ topic, partition }: TopicPartition): string => `${topic}+${partition}+`

/** The name of a segment without its extension. It ends with the offset of the first record, padded so that names sort by it. */
export const nameOf = (partition: TopicPartition, first: bigint): string =>
  `${stemOf(partition)}${String(first).padStart(DIGITS, '0')}`
