/** One thing that is wrong with a declaration, and where it stands. Lines and columns count from 1. */
export interface DeclarationProblem {
  /** The file, or another name of the text, as the caller gave it. */
  readonly file: string
  readonly line: number
  readonly column: number
  /** Its path in the document, such as `to[0].destination`; empty for the document as a whole. */
  readonly field: string
  /** The value as JSON, cut where it is long; absent where there is none. */
  readonly value?: string
  readonly problem: string
  readonly remedy: string
}

/** `archive.yaml:5:18: to[0].destination "lak": no destination of this name is configured; did you mean lake?` */
export function describeProblem({ file, line, column, field, value, problem, remedy }: DeclarationProblem): string {
  const subject = [field, value].filter(Boolean).join(' ')
  return `${file}:${line}:${column}: ${subject ? `${subject}: ` : ''}${problem}; ${remedy}`
}

/** By place: the order in which a reader meets them. */
export const inOrder = (problems: readonly DeclarationProblem[]): readonly DeclarationProblem[] =>
  problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
