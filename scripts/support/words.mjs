import { globSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { commentsOf, isRead } from './comments.mjs'

/** Openings of riddles: the reader learns only at the end of the sentence what it is about. */
export const OPENINGS = [
  'What',
  'Whatever',
  'Who',
  'Whoever',
  'Whom',
  'Whose',
  'Whether',
  'Of which',
  'Of whom',
  'In which',
  'By which',
  'For which',
  'From which',
  'To which',
  'That which',
  'Those that',
  'Those who',
]

const WORDS = [
  [/\bset aside\b/i, 'dead letter (noun), put into the dead letters (verb)'],
  [/\b(?:un)?mend(?:s|ed|ing|able)?\b/i, 'fix, repair, retry'],
  [/\b(?:tells?|told|telling) of\b/i, 'report, announce, describe'],
  [/\b(?:hears?|heard|hearing) of\b/i, 'is called with, is notified of, sees'],
  [/\bHears\b/, 'Called with'],
  [/\bstand-ins?\b/i, 'fallback; in tests: double'],
  [/(?<!\b(?:instead|ahead)) of before\b/i, 'earlier, previous'],
  [/\bdone away with\b/i, 'removed'],
  [/\bbears? the\b|\bbears? (?:its|a|this|that)\b/i, 'has the'],
  [/\banew\b/i, 'again'],
  [/\bcorpses?\b/i, 'zombie'],
  [/\bslips? of the fingers?\b/i, 'typo'],
  [/\bunwell\b/i, 'degraded or down'],
  [/\bBEHIND\b/, 'LAG'],
  [/\b(?:whence|thence|whereof|thereof|whereby|wherein|therein|hitherto|lest|heeds?|heeded)\b/i, 'a word of today'],
]

/** The starts of sentences: of the comment, of a list item, after a full stop, and what a tag says. */
const SENTENCE = new RegExp(
  `(?:^|[.!?]\\s+|\\n\\s*\\n\\s*|\\n\\s*(?:[-*]|\\d\\.)\\s+|@(?:returns?|throws)\\s+|@param\\s+\\S+\\s+)(?:[-–:]\\s*)?(${OPENINGS.join('|')})\\b`,
  'g',
)
const TAG = /@(?:returns?|throws|param\s+\S+)\s+(whether)\b/g

const lineAt = (text, index) => text.slice(0, index).split('\n').length - 1

/** @returns an offence a line: `path:line: … : use …` */
export function offencesOf(path, source) {
  const found = []
  for (const { line, text, quoted } of commentsOf(path, source)) {
    const trimmed = text.trimStart()
    const first = line + lineAt(text, text.length - trimmed.length)
    const report = (index, message) => found.push(`${path}:${first + lineAt(trimmed, index)}: ${message}`)
    for (const expression of quoted ? [] : [SENTENCE, TAG])
      for (const { index, 0: match, 1: opening } of trimmed.matchAll(expression)) {
        const help = /^whether$/i.test(opening) ? '"True if …"' : 'the noun or verb of the thing'
        report(index + match.length, `a sentence starts with "${opening}": start with ${help}`)
      }
    // A quoted word alone is a name.
    for (const [word, better] of quoted && !text.includes(' ') ? [] : WORDS) {
      const match = word.exec(trimmed)
      if (match) report(match.index, `"${match[0].trim()}": use ${better}`)
    }
  }
  return found
}

/** Folders whose comments are read when no path is named. */
export const FOLDERS = ['lib', 'app', 'bench', 'scripts', 'tests', 'examples', 'bin', 'docs']

const LEFT_OUT = /(?:^|\/)(?:node_modules|dist|reference|fixtures|recordings)\/|\.gen\.ts$|^tests\/tooling\/words\.test\.ts$/

/** @returns how many files were read, and the offences in them */
export function checkWords(root, paths = FOLDERS) {
  const files = paths.flatMap((path) => {
    const whole = join(root, path)
    if (!statSync(whole, { throwIfNoEntry: false })?.isDirectory()) return [whole]
    return globSync('**/*', { cwd: whole }).map((name) => join(whole, name))
  })
  const read = files
    .map((file) => relative(root, file))
    .filter((name) => isRead(name) && !LEFT_OUT.test(name))
    .sort()
  return { files: read.length, offences: read.flatMap((name) => offencesOf(name, readFileSync(join(root, name), 'utf8'))) }
}
