/** Schemes of an address that a source calls, and the form that an error shows. */
const SCHEMES = { http: [/^https?:$/, 'http(s)://…'], ws: [/^wss?:$/, 'ws(s)://…'] } as const
export type UrlScheme = keyof typeof SCHEMES

/** True for an address that holds no secret and no parameter, which a source could not use or would show. */
export function isPlainUrl(scheme: UrlScheme, text: string): boolean {
  const url = URL.parse(text)
  return url !== null && SCHEMES[scheme][0].test(url.protocol) && `${url.username}${url.password}${url.search}${url.hash}` === ''
}

/** The text of a refusal. */
export const plainUrlExpected = (scheme: UrlScheme): string =>
  `expected ${SCHEMES[scheme][1]}, without a name, password or parameters in it`
