import { z } from 'zod'
import { type RecordName, recordTypes, SOURCE_NAME } from '../../../base/types/records/index.ts'
import { type DeliveryOverrides, overrideFields } from './deliveryFields.ts'
import { LIMITS } from './limits.ts'

const RECORDS = Object.keys(recordTypes) as [RecordName, ...RecordName[]]

/** Lower case without colons and slashes, because names of pipelines are parts of consumer groups, metrics and addresses. */
export const PIPELINE_NAME = SOURCE_NAME
export const NAME_RULE = '1 to 63 of the characters a-z 0-9 . _ -, the first a letter or a digit'

/** A topic of records never ends in `.dlq`: those are topics of dead letters. */
const TOPIC_NAME = /^(?!.*\.dlq$)[a-z0-9][a-z0-9._-]{0,199}$/
const TOPIC_RULE = '1 to 200 of the characters a-z 0-9 . _ -, the first a letter or a digit, not ending in .dlq'

/** True for the name of a record type. */
export const isRecordName = (value: unknown): value is RecordName => record().safeParse(value).success
/** True for a name that a pipeline may give a topic. */
export const isTopicName = (value: unknown): value is string => typeof value === 'string' && TOPIC_NAME.test(value)
/** True for a name that a topic may have by Kafka's rule. */
export const isTopicReadable = (value: unknown): value is string => topicRead().safeParse(value).success

const name = () => z.string().regex(PIPELINE_NAME, NAME_RULE)
const record = () => z.enum(RECORDS)
/** A topic that is read may belong to another program, so its name follows only Kafka's rule. */
const topicRead = () => z.string().regex(/^[a-zA-Z0-9._-]{1,249}$/, '1 to 249 of the characters a-z A-Z 0-9 . _ -')

const from = z.strictObject({
  records: z
    .array(record())
    .min(1)
    .max(RECORDS.length)
    .optional()
    .describe('record types: all records of these types that the platform publishes'),
  topics: z
    .array(topicRead())
    .min(1)
    .max(LIMITS.topics)
    .optional()
    .describe('topics that carry records, such as one that another pipeline writes'),
})

const output = z.strictObject({
  destination: name().optional().describe('a destination that qicore.yaml names'),
  topic: z.string().regex(TOPIC_NAME, TOPIC_RULE).optional().describe('a topic of its own, which other pipelines can read'),
  record: record().optional().describe('of topic: the one record type that it carries'),
  ...overrideFields,
})

/** One pipeline in YAML, explained in docs/pipelines.md. Its JSON Schema is generated from this. */
export const declarationSchema = z.strictObject({
  version: z.literal(1).describe('the version of this format: 1'),
  name: name().optional().describe('the name of the pipeline; default the name of the file'),
  description: z.string().max(LIMITS.description).optional().describe('a sentence about its purpose'),
  from: from.describe('what it reads: records or topics'),
  to: z.array(output).min(1).max(LIMITS.outputs).describe('where the records go; each entry has a consumer group of its own'),
})

/** An entry of `to` that names a destination of the configuration. Its settings override those of the destination. */
export interface DestinationOutput extends DeliveryOverrides {
  readonly destination: string
}

/** An entry of `to` that is a topic of the pipeline's own. */
export interface TopicOutput extends DeliveryOverrides {
  readonly topic: string
  readonly record: RecordName
}

export type PipelineOutput = DestinationOutput | TopicOutput

export const isTopicOutput = (output: PipelineOutput): output is TopicOutput => 'topic' in output

/** A pipeline: the records that it reads, and their outputs. */
export interface PipelineDeclaration {
  readonly name: string
  readonly description?: string
  readonly from: { readonly records: readonly RecordName[] } | { readonly topics: readonly string[] }
  readonly to: readonly PipelineOutput[]
}

/** The topics that a pipeline reads. */
export const topicsRead = ({ from }: Pick<PipelineDeclaration, 'from'>): readonly string[] =>
  'topics' in from ? from.topics : from.records.map((name) => recordTypes[name].topic)

/** The topics that a pipeline writes, with their record types. */
export const topicsWritten = ({ to }: Pick<PipelineDeclaration, 'to'>): readonly TopicOutput[] => to.filter(isTopicOutput)

/** The settings with which an output overrides those of its destination. */
export const overridesOf = ({ lanes, batch, failure, max_lag }: PipelineOutput): DeliveryOverrides => ({
  ...(lanes !== undefined && { lanes }),
  ...(batch !== undefined && { batch }),
  ...(failure !== undefined && { failure }),
  ...(max_lag !== undefined && { max_lag }),
})
