import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { notModified, type RequestHeaders, versioned } from '../etag.ts'
import { pageHeaders } from '../headers.ts'

export interface Pages {
  readonly home: (request: RequestHeaders) => Response
  readonly docs: (request: RequestHeaders) => Response
  /** @param status HTTP status of the health: 200 or 503 */
  health(status: number): Response
  /** The page of an unknown address. @param detail text, no markup */
  missing(detail: string): Response
  /** A script or stylesheet of a page; undefined if none has this name. */
  asset(name: string, request: RequestHeaders): Response | undefined
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const ASSETS = [
  'page.css',
  'page.js',
  'home.js',
  'live.js',
  'agents.js',
  'docs.css',
  'health.js',
  'docs.js',
  'tryIt.js',
  'types.js',
  'favicon.svg',
]

const read = (name: string): string => readFileSync(new URL(`files/${name}`, import.meta.url), 'utf8')
const HTML = pageHeaders(TYPES['.html'] as string)
/** The same address answers programs with JSON. */
const BY_ACCEPT = { ...HTML, vary: 'accept, accept-encoding' }

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text: string): string => text.replace(/[&<>"']/g, (one) => ENTITIES[one] as string)

/** The pages are few and small: read once, served from memory. */
export function loadPages(): Pages {
  const load = (name: string) => {
    const text = read(name)
    const headers = { ...pageHeaders(TYPES[extname(name)] as string), ...versioned(text, name) }
    return (request: RequestHeaders) => notModified(request, headers) ?? new Response(text, { headers })
  }
  const assets = new Map(ASSETS.map((name) => [name, load(name)]))
  const [health, missing] = [read('health.html'), read('missing.html')]
  return {
    home: load('home.html'),
    docs: load('docs.html'),
    health: (status) => new Response(health, { status, headers: BY_ACCEPT }),
    missing: (detail) =>
      new Response(
        missing.replace('DETAIL', () => escaped(detail)),
        { status: 404, headers: BY_ACCEPT },
      ),
    asset: (name, request) => assets.get(name)?.(request),
  }
}
