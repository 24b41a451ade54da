import {
  type PipelineInfo,
  type PipelineOutputInfo,
  type PipelineProblem,
  type PipelineSource,
  TopicCatalogue,
} from '../../../base/types/index.ts'
import {
  checkReferences,
  describeProblem,
  inOrder,
  isTopicOutput,
  outputName,
  type ParsedDeclaration,
  type PipelineDeclaration,
  parseDeclaration,
  topicsRead,
} from '../../pipelines/declare/index.ts'
import type { DeployedPipeline, PipelineSnapshot } from '../../pipelines/deployed/index.ts'
import { groupOf } from '../../pipelines/index.ts'

/** The part of the configuration that pipelines refer to. */
export interface Configured {
  readonly pipelines: readonly PipelineInfo[]
  /** Names of destinations. */
  readonly destinations: readonly string[]
}

export interface CheckedText {
  /** Absent if the text is no valid declaration. */
  readonly declaration?: PipelineDeclaration
  readonly problems: readonly PipelineProblem[]
}

/** Parses a declaration and checks it against everything deployed and configured. */
export function checkText(
  { text, file = 'text', name }: PipelineSource,
  among: PipelineSnapshot,
  configured: Configured,
): CheckedText {
  const parsed = parseDeclaration(text, { file, name })
  if ('problems' in parsed) {
    const { problems, readable } = parsed
    return { problems: inOrder([...problems, ...(readable ? referenceProblems(readable, among, configured) : [])]) }
  }
  return { declaration: parsed.declaration, problems: referenceProblems(parsed, among, configured) }
}

function referenceProblems(
  parsed: ParsedDeclaration,
  among: PipelineSnapshot,
  configured: Configured,
): readonly PipelineProblem[] {
  const words = (pipeline: PipelineInfo) => `the ${pipeline.kind} pipeline ${pipeline.name} (${pipeline.place})`
  return checkReferences(parsed, {
    destinations: configured.destinations,
    catalogue: new TopicCatalogue(among.topics),
    reserved: new Map(configured.pipelines.map((pipeline) => [pipeline.name, words(pipeline)])),
    groups: new Map(configured.pipelines.flatMap((pipeline) => pipeline.outputs.map(({ group }) => [group, words(pipeline)]))),
    deployed: among.pipelines.flatMap((pipeline) => declarationOf(pipeline) ?? []),
    groupOf: (pipeline, destination) => groupOf({ pipeline, destination }),
  })
}

/** The declaration of a deployed pipeline; undefined if a newer version of the program wrote something unknown here. */
export function declarationOf({ name, text }: Pick<DeployedPipeline, 'name' | 'text'>): PipelineDeclaration | undefined {
  const parsed = parseDeclaration(text, { file: name, name })
  return 'problems' in parsed ? undefined : parsed.declaration
}

/** Each output with the topics it reads. A topic takes only records of its own type. */
export function outputsOf(
  declaration: PipelineDeclaration,
  { topics }: Pick<PipelineSnapshot, 'topics'>,
): readonly PipelineOutputInfo[] {
  const catalogue = new TopicCatalogue(topics)
  const reads = topicsRead(declaration)
  return declaration.to.map((output) => {
    const name = outputName(output)
    const group = groupOf({ pipeline: declaration.name, destination: name })
    if (!isTopicOutput(output)) return { name, kind: 'destination', group, reads }
    return { name, kind: 'topic', group, reads: reads.filter((topic) => catalogue.typeOf(topic)?.name === output.record) }
  })
}

/** A deployed pipeline for users. */
export function infoOf(pipeline: DeployedPipeline, among: PipelineSnapshot, configured: Configured): PipelineInfo {
  const { name, version, state, deployedAt, deployedBy } = pipeline
  const { declaration, problems } = checkText({ ...pipeline, file: `${name} version ${version}` }, among, configured)
  return {
    name,
    kind: 'deployed',
    state,
    ...(declaration?.description !== undefined && { description: declaration.description }),
    place: 'the store',
    reads: declaration ? topicsRead(declaration) : [],
    outputs: declaration ? outputsOf(declaration, among) : [],
    version,
    deployedAt,
    deployedBy,
    problems: problems.map(describeProblem),
  }
}
