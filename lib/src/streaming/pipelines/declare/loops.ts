import { isBuiltInTopic } from '../../../base/types/records/TopicCatalogue.ts'
import { type PipelineDeclaration, topicsRead, topicsWritten } from './declaration.ts'

/**
 * The shortest loop through a pipeline over topics that pipelines write: `a → topic x → b → topic y → a`. Undefined where there is none.
 */
export function loopThrough(start: PipelineDeclaration, others: readonly PipelineDeclaration[]): string | undefined {
  const all = [start, ...others]
  const readers = new Map<string, PipelineDeclaration[]>()
  for (const pipeline of all)
    for (const topic of topicsRead(pipeline)) readers.set(topic, [...(readers.get(topic) ?? []), pipeline])
  const ways: { readonly pipeline: PipelineDeclaration; readonly way: string }[] = [{ pipeline: start, way: start.name }]
  const visited = new Set<string>()
  for (const { pipeline, way } of ways)
    for (const { topic } of topicsWritten(pipeline).filter((written) => !isBuiltInTopic(written.topic)))
      for (const reader of readers.get(topic) ?? []) {
        const longer = `${way} → topic ${topic} → ${reader.name}`
        if (reader === start) return longer
        if (visited.has(reader.name)) continue
        visited.add(reader.name)
        ways.push({ pipeline: reader, way: longer })
      }
  return undefined
}
