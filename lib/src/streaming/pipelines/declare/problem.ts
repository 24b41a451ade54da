import type { PipelineProblem } from '../../../base/types/index.ts'

/** `archive.yaml:5:18: to[0].destination "lak": no destination of this name is configured; did you mean lake?` */
export function describeProblem({ file, line, column, field, value, problem, remedy }: PipelineProblem): string {
  const subject = [field, value].filter(Boolean).join(' ')
  return `${file}:${line}:${column}: ${subject ? `${subject}: ` : ''}${problem}; ${remedy}`
}

/** Sorts problems by their place in the text. */
export const inOrder = (problems: readonly PipelineProblem[]): readonly PipelineProblem[] =>
  problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
