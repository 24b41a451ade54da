/** A slash after one of these starts a regular expression; after anything else it divides. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|await|yield|void|delete|do|else))\s*$/

/** @returns the end of the text in quotes, or of the regular expression, that starts at `start` */
function endOfQuoted(source, start) {
  const quote = source[start]
  let inClass = false
  for (let at = start + 1; at < source.length; at++) {
    const char = source[at]
    if (char === '\\') at++
    else if (char === '\n') return at
    else if (quote === '/' && char === '[') inClass = true
    else if (quote === '/' && char === ']') inClass = false
    else if (char === quote && !inClass) return at + 1
  }
  return source.length
}

/** The comments of TypeScript or JavaScript, and its texts in quotes. @returns where each starts, and its text without the marks */
function* scriptComments(source) {
  // 'template' while in the text of a template, a number of open braces while in code.
  const within = [0]
  for (let at = 0; at < source.length; ) {
    const two = source.slice(at, at + 2)
    if (within.at(-1) === 'template') {
      if (two === '${') within.push(0)
      else if (source[at] === '`') within.pop()
      at += two === '${' || source[at] === '\\' ? 2 : 1
    } else if (two === '//') {
      const end = source.indexOf('\n', at) === -1 ? source.length : source.indexOf('\n', at)
      yield { at, text: source.slice(at + 2, end), line: true }
      at = end
    } else if (two === '/*') {
      const end = source.indexOf('*/', at) === -1 ? source.length : source.indexOf('*/', at)
      yield { at, text: source.slice(at + 2, end).replaceAll(/^[ \t]*\*+ ?/gm, ''), line: false }
      at = end + 2
    } else if (source[at] === "'" || source[at] === '"') {
      const end = endOfQuoted(source, at)
      yield { at, text: source.slice(at + 1, end - 1), line: false, quoted: true }
      at = end
    } else if (source[at] === '/' && BEFORE_REGEX.test(source.slice(Math.max(0, at - 40), at))) at = endOfQuoted(source, at)
    else {
      if (source[at] === '`') within.push('template')
      else if (source[at] === '{') within.push(within.pop() + 1)
      else if (source[at] === '}') {
        if (within.at(-1) === 0 && within.length > 1) within.pop()
        else within.push(within.pop() - 1)
      }
      at++
    }
  }
}

function* hashComments(source) {
  for (const { index, 0: match } of source.matchAll(/(?<=^|\s)#(?!!).*$/gm)) yield { at: index, text: match.slice(1), line: true }
}

/** The prose of a page, without headings and fenced blocks, a paragraph at a time. */
function* paragraphs(source) {
  const blank = (text) => text.replaceAll(/[^\n]/g, ' ')
  const prose = source
    .replaceAll(/^( *)```[\s\S]*?^\1```$/gm, blank)
    .replaceAll(/<!--[\s\S]*?-->/g, blank)
    .replaceAll(/^#.*$|^ *(?:[-*]|\d+\.) |\*\*|\|/gm, blank)
  for (const { index, 0: match } of prose.matchAll(/\S[^\n]*(?:\n[^\n]*\S[^\n]*)*/g))
    yield { at: index, text: match, line: false }
}

const READERS = new Map(
  Object.entries({ ts: scriptComments, tsx: scriptComments, mjs: scriptComments, js: scriptComments }).concat(
    Object.entries({ py: hashComments, sh: hashComments, md: paragraphs }),
  ),
)

export const isRead = (path) => READERS.has(path.slice(path.lastIndexOf('.') + 1))

/**
 * Comments and quoted texts of a source file, paragraphs of a page. Line comments below one another are one comment.
 * @returns `{ line, text, quoted }` of each; `line` counts from 1, and line breaks in `text` are kept
 */
export function commentsOf(path, source) {
  const found = []
  let previous
  for (const { at, text, line, quoted = false } of READERS.get(path.slice(path.lastIndexOf('.') + 1))(source)) {
    if (line && previous?.line && /^\n[ \t]*$/.test(source.slice(previous.end, at))) found.at(-1).text += `\n${text}`
    else found.push({ line: source.slice(0, at).split('\n').length, text, quoted })
    previous = { line, end: line ? source.indexOf('\n', at) : at }
  }
  return found
}
