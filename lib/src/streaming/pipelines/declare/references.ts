import { suggest } from '../../../base/types/config/resolve.ts'
import type { PipelineProblem } from '../../../base/types/index.ts'
import type { RecordName } from '../../../base/types/records/index.ts'
import { isBuiltInTopic, type TopicCatalogue } from '../../../base/types/records/TopicCatalogue.ts'
import { isTopicOutput, type PipelineDeclaration, topicsRead, topicsWritten } from './declaration.ts'
import { loopThrough } from './loops.ts'
import type { ParsedDeclaration } from './parsed.ts'
import { inOrder } from './problem.ts'

/** The names that a declaration may refer to, and those that it must not collide with. */
export interface Surroundings {
  /** Names of the configured destinations. */
  readonly destinations: readonly string[]
  /** Record types of the topics that exist. */
  readonly catalogue: Pick<TopicCatalogue, 'typeOf' | 'topics'>
  /** Names of pipelines that are not declarations, described: `the built-in pipeline crypto-data (consumers in qicore.yaml)`. */
  readonly reserved: ReadonlyMap<string, string>
  /** Consumer groups of those, described the same way. */
  readonly groups: ReadonlyMap<string, string>
  /** The deployed declarations; one of the same name is replaced by this one. */
  readonly deployed: readonly PipelineDeclaration[]
  /** The consumer group of an output of a pipeline. */
  readonly groupOf: (pipeline: string, output: string) => string
}

/**
 * Checks a declaration against its surroundings: names that do not exist, names that are taken, loops. In a partly readable declaration
 * (`isPart`) only certain problems are reported. Pure.
 */
export function checkReferences(parsed: ParsedDeclaration, surroundings: Surroundings): readonly PipelineProblem[] {
  const { declaration, document } = parsed
  const isNameless = declaration.name === ''
  const others = isNameless ? [] : surroundings.deployed.filter(({ name }) => name !== declaration.name)
  const problems = [
    ...nameTaken(parsed, surroundings),
    ...unknownDestinations(parsed, surroundings),
    ...unknownTopics(parsed, surroundings),
    ...topicsTaken(parsed, surroundings, others),
    ...groupsTaken(parsed, surroundings, others),
  ]
  const loop = loopThrough(declaration, others)
  if (loop !== undefined)
    problems.push(document.problemAt(['to'], `its records come back to it: ${loop}`, 'remove one topic of this loop'))
  return inOrder(problems)
}

function nameTaken({ declaration, document }: ParsedDeclaration, { reserved }: Surroundings): PipelineProblem[] {
  const taken = reserved.get(declaration.name)
  return taken ? [document.problemAt(['name'], `the name ${declaration.name} is that of ${taken}`, 'choose another name')] : []
}

function unknownDestinations({ declaration, document }: ParsedDeclaration, { destinations }: Surroundings): PipelineProblem[] {
  return declaration.to.flatMap((output, at) => {
    if (isTopicOutput(output) || destinations.includes(output.destination)) return []
    const nearest = suggest(output.destination, destinations).slice(2)
    const remedy = nearest || 'add it to destinations in qicore.yaml'
    return [document.problemAt(['to', at, 'destination'], 'no destination of this name is configured', remedy)]
  })
}

function unknownTopics({ declaration, document }: ParsedDeclaration, { catalogue }: Surroundings): PipelineProblem[] {
  const own = new Set(topicsWritten(declaration).map(({ topic }) => topic))
  if (!('topics' in declaration.from)) return []
  return declaration.from.topics.flatMap((topic, at) =>
    catalogue.typeOf(topic) || own.has(topic)
      ? []
      : [
          document.problemAt(
            ['from', 'topics', at],
            'no topic of this name carries records',
            suggest(topic, catalogue.topics()).slice(2),
          ),
        ],
  )
}

function topicsTaken(
  { declaration, document, isPart }: ParsedDeclaration,
  { catalogue }: Surroundings,
  others: readonly PipelineDeclaration[],
): PipelineProblem[] {
  const own = new Map(topicsWritten(declaration).map(({ topic, record }) => [topic, record]))
  const read = new Set(topicsRead(declaration).map((topic) => catalogue.typeOf(topic)?.name ?? own.get(topic)))
  return declaration.to.flatMap((output, at) => {
    if (!isTopicOutput(output)) return []
    const { topic, record } = output
    const problem = (text: string, remedy: string) => [document.problemAt(['to', at, 'topic'], text, remedy)]
    if (isBuiltInTopic(topic)) return problem('the platform publishes into this topic', 'choose another name')
    const writer = others.find((other) => topicsWritten(other).some((written) => written.topic === topic))
    if (writer) return problem(`pipeline ${writer.name} writes this topic`, 'choose another name')
    const carried = catalogue.typeOf(topic)?.name as RecordName | undefined
    if (carried !== undefined && carried !== record)
      return [
        document.problemAt(
          ['to', at, 'record'],
          `topic ${topic} carries ${carried}`,
          `keep record: ${carried}, or choose another topic`,
        ),
      ]
    if (!isPart && !read.has(record))
      return [
        document.problemAt(
          ['to', at, 'record'],
          `the pipeline reads no ${record}`,
          `read it, or name one of ${[...read].filter(Boolean).join(', ')}`,
        ),
      ]
    return []
  })
}

/** Group names are joined from names, so different names can make the same group name. */
function groupsTaken(
  { declaration, document, isPart }: ParsedDeclaration,
  { groups, groupOf }: Surroundings,
  others: readonly PipelineDeclaration[],
): PipelineProblem[] {
  const taken = new Map(groups)
  for (const other of others)
    for (const output of other.to)
      taken.set(groupOf(other.name, outputName(output)), `pipeline ${other.name} to ${outputName(output)}`)
  return declaration.to.flatMap((output, at) => {
    const group = groupOf(declaration.name, outputName(output))
    const owner = taken.get(group)
    // An output that is listed twice is reported by parseDeclaration.
    if (!isPart) taken.set(group, `pipeline ${declaration.name} to ${outputName(output)}`)
    return owner === undefined
      ? []
      : [
          document.problemAt(
            ['to', at],
            `its consumer group ${group} is that of ${owner}`,
            'rename the pipeline or the destination',
          ),
        ]
  })
}

/** The name of an output within its pipeline: its destination's, or `topic.TOPIC`. */
export const outputName = (output: PipelineDeclaration['to'][number]): string =>
  isTopicOutput(output) ? `topic.${output.topic}` : output.destination
