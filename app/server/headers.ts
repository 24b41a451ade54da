/** Headers of every answer. */
export const always = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

export const jsonHeaders = {
  ...always,
  'content-type': 'application/json; charset=utf-8',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const

/** The media type of errors, by RFC 9457. */
export const PROBLEM_TYPE = 'application/problem+json'

/** Headers of a page: it may load files of its own server and talk to it, and nothing else; no inline scripts. */
export const pageHeaders = (type: string) => ({
  ...always,
  'content-type': type,
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
})

export const json = (text: string, status = 200, more: Readonly<Record<string, string>> = {}): Response =>
  new Response(text, { status, headers: { ...jsonHeaders, 'content-length': String(Buffer.byteLength(text)), ...more } })

/** True for browsers, which accept HTML when they open an address. */
export const wantsPage = (accept: string | undefined): boolean => accept?.includes('text/html') === true
