export interface ImportsChecked {
  readonly modules: number
  readonly imports: number
  /** A line for each import that the table does not allow. */
  readonly refused: readonly string[]
}

/** The names of the linter's rules, each once. */
export const RULES: readonly string[]

/** Holds the imports below a folder against the table; changes the working directory to it. */
export function checkImports(folder: string): Promise<ImportsChecked>
