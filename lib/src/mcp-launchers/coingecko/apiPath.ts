import { timingSafeEqual } from 'node:crypto'

/**
 * Path and query behind `prefix`, normalised.
 * @param target of the request line
 * @returns undefined where it lies elsewhere, or some server could understand it so: `..`, a backslash or a control character,
 * percent-encoded however often
 */
export function apiPath(target: string, prefix: string): string | undefined {
  const url = URL.parse(target, 'http://gateway')
  if (!url) return undefined
  const { pathname, search } = url
  if (!startsWith(pathname, prefix)) return undefined
  const path = pathname.slice(prefix.length)
  return path.startsWith('/') && staysInside(path) ? path + search : undefined
}

/** In a time that tells nothing of the prefix. */
function startsWith(path: string, prefix: string): boolean {
  const [given, wanted] = [Buffer.from(path.slice(0, prefix.length)), Buffer.from(prefix)]
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

function staysInside(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
  const leaves = /(^|\/)\.{1,2}(\/|$)|[\\\u0000-\u001f\u007f]/
  for (let shown = path, depth = 0; depth < 8; depth++) {
    if (leaves.test(shown)) return false
    const decoded = decode(shown)
    if (decoded === undefined) return false
    if (decoded === shown) return true
    shown = decoded
  }
  return false
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
