/** Typed SQL: complete statements, and the rest without its semicolon. */
export interface Split {
  /** Each with its semicolon. */
  readonly statements: readonly string[]
  readonly rest: string
}

/** Parts in which a semicolon does not end the statement: quoted texts and names, dollar quotes, comments. */
const QUOTED = /[eE]'(?:[^'\\]|''|\\[\s\S])*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\$(\w*)\$[\s\S]*?\$\1\$/y
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y

/** Splits SQL at the semicolons that end a statement, as PostgreSQL reads it with standard_conforming_strings. */
export function splitSql(text: string): Split {
  const statements: string[] = []
  let from = 0
  for (let at = 0; at < text.length; ) {
    const end = endOfPart(text, at)
    if (end === undefined) break
    if (text[at] === ';') {
      const statement = text.slice(from, end).trim()
      if (statement !== ';') statements.push(statement)
      from = end
    }
    at = end
  }
  return { statements, rest: text.slice(from).trimStart() }
}

/** The end of the part that begins at `at`; undefined if the part is not complete. */
function endOfPart(text: string, at: number): number | undefined {
  if (text.startsWith('/*', at)) return endOfComment(text, at)
  QUOTED.lastIndex = at
  const quoted = QUOTED.exec(text)
  if (quoted) return at + quoted[0].length
  if (text[at] === "'" || text[at] === '"' || /^([eE]'|\$\w*\$)/.test(text.slice(at, at + 70))) return undefined
  // A name may contain dollars, or end in e, without starting a quote.
  WORD.lastIndex = at
  const word = WORD.exec(text)
  return at + (word ? word[0].length : 1)
}

/** The end of a comment, which may be nested. */
function endOfComment(text: string, at: number): number | undefined {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    if (text.startsWith('/*', i)) depth++
    else if (text.startsWith('*/', i)) depth--
    else continue
    i++
    if (depth === 0) return i + 1
  }
  return undefined
}
