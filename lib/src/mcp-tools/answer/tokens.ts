/** Pieces as of a tokenizer like o200k: words by case, up to three digits, marks, single characters beyond ASCII. */
const PIECES = /[A-Z]*[a-z]+|[A-Z]+|[0-9]{1,3}|[^\sA-Za-z0-9\u0080-\uffff]+|[\u0080-\uffff]|\n+/g
const LONGEST_WORD = 12

/** Estimated tokens of a text: within a tenth for figures, ids and prose, too many for other scripts, too few for noise. */
export function estimateTokens(text: string): number {
  let tokens = 0
  for (const [piece] of text.matchAll(PIECES)) {
    const { length } = piece
    const code = piece.charCodeAt(0)
    const isLetter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
    const isDigit = code >= 48 && code <= 57
    tokens += isDigit || length === 1 ? 1 : Math.ceil(length / (isLetter && length <= LONGEST_WORD ? 5 : 2))
  }
  return tokens
}
