import { escapeHiddenInLines } from '../../../lib/src/base/types/index.ts'
import { withPipelines } from '../pipelines.ts'
import type { Session } from '../session.ts'

export interface PipelineShowInput {
  readonly name: string
  readonly version?: number
}

export async function run(session: Session, { name, version }: PipelineShowInput): Promise<undefined> {
  const found = await withPipelines(session, (pipelines) => pipelines.show(name, version))
  const { out } = session
  if (session.json) return void (await out.json(found))
  const { kind, state, place, reads, outputs, problems, text } = found
  const of = found.version === undefined ? '' : `, version ${found.version}`
  await out.line(`${out.style('bold', found.name)}  ${kind}${of}, ${state}; declared in ${place}`)
  if (found.deployedAt !== undefined)
    await out.line(`deployed ${new Date(found.deployedAt).toISOString()} by ${found.deployedBy}, sha256 ${found.sha256}`)
  if (text === undefined && found.description) await out.line(found.description)
  await out.line(`reads ${reads.join(', ')}`)
  for (const output of outputs) await out.line(`to ${output.name}, consumer group ${output.group}`)
  for (const problem of problems) await out.line(out.style('red', escapeHiddenInLines(problem)))
  if (text !== undefined) await out.line(`\n${escapeHiddenInLines(text)}`)
}
