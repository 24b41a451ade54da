import { escapeHidden, maskUrl, withoutSecrets } from '../../base/types/index.ts'

const SECRET_NAME = /pass(word|wd|phrase)?$|pwd|secret|token|api_?key|private_?key|authorization|credential|cookie|^confirm$/i
const MOST_TEXT = 200
const MOST_ITEMS = 10
const MOST_NAMES = 30
const MOST_DEPTH = 4
/** Characters of all arguments of a call. */
const MOST_CHARACTERS = 4_000

/**
 * Arguments of a call for log and display, as JSON: secrets are `***`; long texts and lists are cut and say so. If that is still too long,
 * only the names of the arguments are left.
 */
export function shownArguments(input: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(shown(input, 0))
  if (text.length <= MOST_CHARACTERS) return text
  return JSON.stringify({ left_out: `${text.length} characters`, arguments: shown(Object.keys(input), 0) })
}

function shown(value: unknown, depth: number): unknown {
  if (typeof value === 'string') {
    const masked = escapeHidden(withoutSecrets(maskUrl(value)))
    return masked.length > MOST_TEXT ? `${masked.slice(0, MOST_TEXT)}… (${value.length} characters)` : masked
  }
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MOST_DEPTH) return '…'
  if (Array.isArray(value)) {
    const items = value.slice(0, MOST_ITEMS).map((item) => shown(item, depth + 1))
    return value.length > MOST_ITEMS ? [...items, `… (${value.length} items)`] : items
  }
  const entries = Object.entries(value)
  const some = entries
    .slice(0, MOST_NAMES)
    .map(([name, item]) => [escapeHidden(name.slice(0, 60)), SECRET_NAME.test(name) ? '***' : shown(item, depth + 1)] as const)
  return Object.fromEntries(entries.length > MOST_NAMES ? [...some, ['…', `${entries.length} names`]] : some)
}
