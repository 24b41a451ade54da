import { createRequire } from 'node:module'

/** The version of this package. Resolved by the package's own name, which works in the checkout and installed. */
export const { version } = createRequire(import.meta.url)('qicore/package.json') as { readonly version: string }
