import { stateOf } from '../../../lib/src/base/database/index.ts'
import { maskUrl, type QiError, systemCode, toQiError } from '../../../lib/src/base/types/index.ts'
import type { PlatformConfig } from '../../../lib/src/streaming/platform/index.ts'
import { type Finding, failed } from './finding.ts'

/** The finding of a store that could not be opened. */
export function unopened({ database }: PlatformConfig, failure: unknown): Finding {
  const error = toQiError(failure)
  if (error.field === 'database.read_url') return failed('read replica', error.message)
  if (error.field === 'store.layout') return failed('layout', error.message)
  return failed(
    'store',
    `${placeOf(database)}: ${error.message}`,
    database.url ? remedyOf(error) : 'see the message, or set DATABASE_URL to a PostgreSQL of your own',
  )
}

/** The database, for people. */
export const placeOf = ({ url }: PlatformConfig['database']): string =>
  url ? `DATABASE_URL ${maskUrl(url)}` : 'embedded PostgreSQL'

const START = 'start that server, or correct host and port in DATABASE_URL; unset it to use the embedded PostgreSQL'
const OWNER =
  'name the role that owns the tables in DATABASE_URL. For qicore query another role is enough: grant select on all tables in schema public to ROLE'

/** Remedies by the SQLSTATE that the server reported. */
const BY_STATE: Readonly<Record<string, string>> = {
  '28P01': 'check user and password in DATABASE_URL',
  '28000': 'check the user in DATABASE_URL',
  '3D000': 'create that database (createdb NAME), or name another one in DATABASE_URL',
  '57P03': 'wait until that server has started; its log shows the progress',
  '53100': 'free space on the disk of that server',
}

/** Remedies by the operating system's code, if no server answered. */
const BY_SYSTEM: Readonly<Record<string, string>> = {
  ECONNREFUSED: START,
  ENOTFOUND: 'correct the host in DATABASE_URL, or the name service of this machine',
  EAI_AGAIN: 'correct the host in DATABASE_URL, or the name service of this machine',
  ETIMEDOUT: 'correct host and port in DATABASE_URL, or let this machine through to it (network, firewall)',
  EHOSTUNREACH: 'correct host and port in DATABASE_URL, or let this machine through to it (network, firewall)',
  ENETUNREACH: 'correct host and port in DATABASE_URL, or let this machine through to it (network, firewall)',
}

/** Undefined if the message has a remedy already. */
function remedyOf(error: QiError): string | undefined {
  if (error.advised) return undefined
  const state = stateOf(error)
  if (state === '42501')
    return /for schema/.test(error.message) ? 'let the role create tables: grant create on schema public to ROLE' : OWNER
  if (state !== undefined) return BY_STATE[state] ?? 'see the log of that server'
  const system = systemCode(error)
  if (system !== undefined) return BY_SYSTEM[system] ?? START
  switch (error.code) {
    case 'UNAVAILABLE':
      return START
    case 'TIMEOUT':
      return BY_SYSTEM.ETIMEDOUT
    default:
      return undefined
  }
}
