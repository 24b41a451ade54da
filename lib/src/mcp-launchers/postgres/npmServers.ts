import { join } from 'node:path'
import type { NpmServer } from '../shared/npmPackage.ts'

export const PACKAGE = '@bytebase/dbhub'

export const server: NpmServer = {
  folder: 'postgres',
  dependencies: { [PACKAGE]: '1.4.0', pg: '8.23.1' },
  // Drivers of eight other databases, hundreds of packages.
  lean: true,
  lock: join(import.meta.dirname, 'postgres.lock.json'),
}

export const archived: NpmServer = {
  folder: 'postgres-archived',
  dependencies: { '@modelcontextprotocol/server-postgres': '0.6.2' },
  lock: join(import.meta.dirname, 'postgres-archived.lock.json'),
}
