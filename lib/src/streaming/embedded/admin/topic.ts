export interface PartitionRef {
  /** Serial id, unique over all topics, deleted ones included. */
  readonly id: number
  readonly topicId: number
  readonly topic: string
  readonly partition: number
}

export interface Topic {
  readonly id: number
  readonly name: string
  /** By number; the count never changes. */
  readonly partitions: readonly PartitionRef[]
}
