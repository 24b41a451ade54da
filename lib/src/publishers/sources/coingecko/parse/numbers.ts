/**
 * What becomes of the numbers in the body of an endpoint, by path: `*` stands for one step (an index or a name), `**` at the end
 * for any number of them. A number that neither list names has to be inside a refused part: a test holds every recorded body to it.
 */
export interface Numbers {
  /** Kept digit for digit in this property of a record; times are kept as microseconds. */
  readonly stored: Readonly<Record<string, string>>
  /** Known, and not stored. */
  readonly unused: readonly string[]
}

export function matchesPath(pattern: string, path: string): boolean {
  const want = pattern.split('.')
  const have = path.split('.')
  const open = want.at(-1) === '**'
  if (open) want.pop()
  if (open ? have.length < want.length : have.length !== want.length) return false
  return want.every((step, i) => step === '*' || step === have[i])
}
