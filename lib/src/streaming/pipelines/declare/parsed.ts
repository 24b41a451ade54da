import type { PipelineDeclaration } from './declaration.ts'
import type { SourceDocument } from './document.ts'

export interface ParsedDeclaration {
  readonly declaration: PipelineDeclaration
  /** Places of its values, for problems that are found later. */
  readonly document: SourceDocument
  /** True where other parts of the text have errors: a missing value may be one of them. */
  readonly isPart?: true
}
