import { type RecordName, recordTypes } from '../../../base/types/index.ts'
import type { DeployedPipeline, PipelineDraft, PipelineEvent, PipelineSnapshot, PipelineVersion, Resumption } from './model.ts'

/** Milliseconds since 1970 of a timestamptz column. */
export const millis = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`

export const VERSION_COLUMNS = `name, version, text, sha256, ${millis('deployed_at')} as deployed_at, deployed_by`

export const DEPLOYED = `select p.name, p.state, p.version, v.text, v.sha256, ${millis('v.deployed_at')} as deployed_at, v.deployed_by
  from pipelines p join pipeline_versions v using (name, version)`

export interface VersionRow {
  readonly name: string
  readonly version: number
  readonly text: string
  readonly sha256: string
  readonly deployed_at: number
  readonly deployed_by: string
}

export const versionOf = ({ deployed_at: deployedAt, deployed_by: deployedBy, ...row }: VersionRow): PipelineVersion => ({
  ...row,
  deployedAt,
  deployedBy,
})

export type DeployedRow = VersionRow & { readonly state: DeployedPipeline['state'] }

export const deployedOf = ({ state, ...row }: DeployedRow): DeployedPipeline => ({ ...versionOf(row), state })

export interface EventRow {
  readonly at: number
  readonly event: PipelineEvent['event']
  readonly version: number | null
  readonly output: string | null
  readonly by: string
}

export const eventOf = ({ at, event, version, output, by }: EventRow): PipelineEvent => ({
  at,
  event,
  ...(version !== null && { version }),
  ...(output !== null && { output }),
  by,
})

export interface DraftRow {
  readonly name: string
  readonly revision: number
  readonly text: string
  readonly saved_at: number
  readonly saved_by: string
}

export const draftOf = ({ saved_at: savedAt, saved_by: savedBy, ...row }: DraftRow): PipelineDraft => ({
  ...row,
  savedAt,
  savedBy,
})

export interface TopicRow {
  readonly topic: string
  readonly record: string
}

/** Leaves out topics whose record type this version does not know, because a newer process declared them. */
export const topicsOf = (rows: readonly TopicRow[]): PipelineSnapshot['topics'] =>
  rows.flatMap(({ topic, record }) => (Object.hasOwn(recordTypes, record) ? [[topic, record as RecordName] as const] : []))

export interface ResumptionRow {
  readonly id: string
  readonly name: string
  readonly output: string | null
}

export const resumptionOf = ({ id, name, output }: ResumptionRow): Resumption => ({
  id: BigInt(id),
  name,
  ...(output !== null && { output }),
})
