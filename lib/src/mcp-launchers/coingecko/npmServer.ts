import { join } from 'node:path'
import type { NpmServer } from '../shared/npmPackage.ts'

export const PACKAGE = '@coingecko/coingecko-mcp'

export const server: NpmServer = {
  folder: 'coingecko',
  dependencies: { [PACKAGE]: '8.2.0', deno: '2.8.3' },
  // The server names a tarball outside of the registry.
  overrides: { 'jq-web': 'npm:jq-web@0.6.2' },
  lock: join(import.meta.dirname, 'coingecko.lock.json'),
}
