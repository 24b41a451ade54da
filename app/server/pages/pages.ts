import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { pageHeaders } from '../headers.ts'

export interface Pages {
  readonly home: () => Response
  readonly docs: () => Response
  /** A script or a stylesheet of a page, if there is one of this name. */
  asset(name: string): Response | undefined
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const ASSETS = ['page.css', 'page.js', 'home.js', 'agents.js', 'docs.css', 'docs.js', 'favicon.svg']

/** The pages are few and small: read once, served from memory. */
export function loadPages(): Pages {
  const load = (name: string) => {
    const text = readFileSync(new URL(`files/${name}`, import.meta.url), 'utf8')
    const headers = pageHeaders(TYPES[extname(name)] as string)
    return () => new Response(text, { headers })
  }
  const assets = new Map(ASSETS.map((name) => [name, load(name)]))
  return { home: load('home.html'), docs: load('docs.html'), asset: (name) => assets.get(name)?.() }
}
