/** Redacts secrets in a text. */
export type Redact = (text: string) => string

/** Shorter secrets would match inside ordinary words. */
const LEAST_SECRET = 4
/** A foreign body may have megabytes; only its start is searched and shown. */
const LOOKED_AT = 8192

/** @returns a function that replaces each secret, also where it is percent-encoded, by `(secret)` */
export function redaction(secrets: readonly (string | undefined)[]): Redact {
  const forms = secrets.flatMap((secret) =>
    secret && secret.length >= LEAST_SECRET ? [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)] : [],
  )
  const longestFirst = [...new Set(forms)].sort((a, b) => b.length - a.length)
  return (text) => longestFirst.reduce((shown, secret) => shown.replaceAll(secret, '(secret)'), text)
}

/**
 * The start of a foreign text, fit for an error message: one line, no control or bidirectional characters, no secret.
 * @param max most characters
 */
export function excerpt(text: string, redact: Redact = (same) => same, max = 80): string {
  const line = redact(text.slice(0, LOOKED_AT))
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()
  return line.length > max ? `${line.slice(0, max - 1)}…` : line
}
