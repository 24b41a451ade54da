import { countOf, escapeHidden } from '../../../lib/src/base/types/index.ts'
import { describeProblem } from '../../../lib/src/streaming/index.ts'
import { EXIT } from '../exitCodes.ts'
import { readDeclaration, withPipelines } from '../pipelines.ts'
import type { Session } from '../session.ts'

export interface PipelineCheckInput {
  readonly file: string
  readonly name?: string
}

export async function run(session: Session, { file, name }: PipelineCheckInput): Promise<number> {
  const source = await readDeclaration(file, name)
  const found = await withPipelines(session, (pipelines) => pipelines.check(source))
  const exit = found.problems.length > 0 ? EXIT.usage : EXIT.ok
  if (session.json) await session.out.json(found)
  else if (exit !== EXIT.ok) {
    for (const problem of found.problems) await session.out.line(escapeHidden(describeProblem(problem)))
    await session.out.line(countOf(found.problems.length, 'problem'))
  } else {
    const to = found.outputs.map((output) => output.name).join(', ')
    await session.out.line(`${found.name}: ${found.reads.join(', ')} → ${to}`)
    const fate = found.replaces === 0 ? 'it is not deployed yet' : `it would replace version ${found.replaces}`
    await session.out.line(found.changes ? `no problems; ${fate}` : `no problems; version ${found.replaces} has this text`)
  }
  return exit
}
