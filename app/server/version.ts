import { createRequire } from 'node:module'

/** Of this package; found by its own name, so that it works in the checkout and as installed. */
export const { version } = createRequire(import.meta.url)('qicore/package.json') as { readonly version: string }
