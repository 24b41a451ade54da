// Characters that a reader does not see, or that change how the text around them is read. Names are foreign text: a line break
// forges a row of a table, a bidirectional control shows another id than the one that is stored, an invisible one hides an order to a
// model or makes two ids that look alike.

/** Control characters (C0, DEL, C1), line and paragraph separators, interlinear marks, and all that Unicode lets a font leave out:
 * bidirectional controls, zero-width characters, variation selectors, tags, fillers. */
const HIDDEN = String.raw`[\p{Cc}\p{Zl}\p{Zp}\p{DI}\uFFF9-\uFFFB]`
const VISIBLE = String.raw`[^\p{C}\p{Z}\p{DI}]`
/** Within a word or an emoji these three kinds are part of how it is written: ❤️, 👨‍💻, می‌خواهم. */
const JOINER = String.raw`(?<=${VISIBLE}[\uFE0E\uFE0F]?)[\u200C\u200D](?=${VISIBLE})`
const SELECTOR = String.raw`(?<=${VISIBLE})[\uFE0E\uFE0F]`
const IN_IDS = new RegExp(HIDDEN, 'u')
const IN_NAMES = new RegExp(`(?!${JOINER}|${SELECTOR})${HIDDEN}`, 'gu')
const PLAIN = /^[\x20-\x7e]*$/

/** The first hidden character of an id, as `U+202E`; undefined where there is none. */
export function hiddenIn(id: string): string | undefined {
  if (PLAIN.test(id)) return undefined
  const found = IN_IDS.exec(id)?.[0]
  return found === undefined ? undefined : codeOf(found)
}

/**
 * A name for people to read: hidden characters are left out, line breaks and tabs become blanks. Joiners inside an emoji or a word
 * stay. A name without any visible character becomes U+FFFD.
 */
export function visibleName(name: string): string {
  if (PLAIN.test(name)) return name
  const visible = name
    .toWellFormed()
    .replace(/[\t\n\v\f\r\u0085\u2028\u2029]+/g, ' ')
    .replace(IN_NAMES, '')
  return visible.trim() === '' && name !== '' ? '\uFFFD' : visible
}

/** Text that is safe to show: each hidden character as an escape such as `\u202e`. Nothing else changes. */
export function escapeHidden(text: string): string {
  if (PLAIN.test(text)) return text
  return text.toWellFormed().replace(IN_NAMES, escapeOf)
}

/** {@link escapeHidden} that keeps line feeds: for our own text with lines. */
export function escapeHiddenInLines(text: string): string {
  return PLAIN.test(text) ? text : text.split('\n').map(escapeHidden).join('\n')
}

/** Foreign text in quotation marks, as in JSON, with hidden characters escaped: it cannot pass for the text around it. */
export const quoted = (text: string): string => escapeHidden(JSON.stringify(text))

const codeOf = (character: string): string => `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`

/** In UTF-16, as JSON writes it. */
const escapeOf = (character: string): string =>
  Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')
