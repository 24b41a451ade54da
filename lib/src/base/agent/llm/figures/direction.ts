const DOWN =
  /\b(?:fell|fall(?:s|en|ing)?|dropp?(?:s|ed|ing)?|declin(?:e|es|ed|ing)|decreas(?:e|es|ed|ing)|los(?:t|e|es|ing|s|ses)|down|lower|slid|slipp?(?:ed|s)|sank|shed|shrank|shrunk|minus|negative|below|under|cheaper|less|plung(?:e|ed|es)|tumbled|crash(?:ed|es)?|drawdown|retreated|eased|dipp?(?:ed|s)?|weaker)\b/gi
const UP =
  /\b(?:rose|ris(?:e|es|en|ing)|gain(?:s|ed|ing)?|climb(?:s|ed|ing)?|increas(?:e|es|ed|ing)|grew|grow(?:s|n|ing|th)?|up|higher|advanc(?:e|es|ed|ing)|jump(?:s|ed)?|surg(?:e|es|ed|ing)|rall(?:y|ied|ies)|soar(?:s|ed)?|plus|positive|above|added|more|stronger)\b/gi

/** The direction named by the words before a figure in its clause; undefined if there is none, or they name a level (to, from, at). */
export function directionBefore(text: string, start: number): 'up' | 'down' | undefined {
  const clause = /[^.;!?\n]*$/.exec(text.slice(0, start).replace(/(\d)\.(\d)/g, '$1,$2'))?.[0] ?? ''
  if (/\b(?:to|from|at|of)\s+(?:about|around|roughly|nearly|just)?\s*$/i.test(clause)) return undefined
  const last = (pattern: RegExp) => [...clause.matchAll(pattern)].at(-1)?.index ?? -1
  const [down, up] = [last(DOWN), last(UP)]
  if (down < 0 && up < 0) return undefined
  return down > up ? 'down' : 'up'
}

/** The same by the word after it: 5 % down. */
export function directionAfter(text: string, end: number): 'up' | 'down' | undefined {
  const next = /^\s*\(?(\p{L}+)/u.exec(text.slice(end))?.[1] ?? ''
  if (new RegExp(`^${DOWN.source}`, 'i').test(next)) return 'down'
  return new RegExp(`^${UP.source}`, 'i').test(next) ? 'up' : undefined
}
