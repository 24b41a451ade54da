import { QiError } from '../../types/index.ts'
import type { RunStatus } from './runner.ts'

type Question = RunStatus['questions'][number]

/** The one open question at `step`, or the only one. @throws QiError CONFLICT if there is none or more than one */
export function questionOf(run: string, questions: readonly Question[], step?: string): Question {
  const asked = step === undefined ? questions : questions.filter((question) => question.step === step)
  const [first, second] = asked
  const known = questions.map((question) => `${question.step} ("${question.question}")`).join(', ')
  if (!first)
    throw new QiError('CONFLICT', known ? `${run} asks nothing at ${step}; it asks at ${known}` : `${run} waits for no answer`)
  if (second) throw new QiError('CONFLICT', `${run} waits for several answers: name the step, ${known}`)
  return first
}
