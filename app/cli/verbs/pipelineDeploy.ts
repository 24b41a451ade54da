import { QiError } from '../../../lib/src/base/types/index.ts'
import { describeProblem } from '../../../lib/src/streaming/index.ts'
import { changePipelines, readDeclaration } from '../pipelines.ts'
import type { Session } from '../session.ts'

export interface PipelineDeployInput {
  readonly file: string
  readonly name?: string
  readonly replaces?: number
  readonly yes?: boolean
}

export async function run(session: Session, { file, name: given, replaces, yes }: PipelineDeployInput): Promise<undefined> {
  const source = await readDeclaration(file, given)
  await changePipelines(session, yes, async (pipelines) => {
    const found = await pipelines.check(source)
    const { problems, name } = found
    if (problems.length > 0 || name === undefined)
      throw new QiError('BAD_REQUEST', problems.map(describeProblem).join('\n'), { field: problems[0]?.field ?? '' })
    if (!found.changes) {
      if (session.json) await session.out.json({ name, version: found.replaces, changed: false })
      else await session.out.line(`version ${found.replaces} of ${name} has this text already; nothing was done`)
      return undefined
    }
    return { action: 'deploy', name, text: source.text, replaces: replaces ?? found.replaces }
  })
}
