import { QiError } from '../../types/index.ts'
import { readTls } from './read.ts'
import type { TlsSettings } from './settings.ts'

/** The parameters of a database's URL that say the same as the settings. */
const PARAMETERS = ['ssl', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'] as const

/**
 * A database's URL that says what the settings say, so that every connection made from it does: those of `pg`, and of `psql`.
 * @throws QiError CONFIG_INVALID where the URL says it as well, or a file cannot be used
 */
export function secureDatabaseUrl(url: string, settings: TlsSettings, at = 'database.tls'): string {
  if (settings.enabled === undefined && !readTls(settings, at)) return url
  const secured = new URL(url)
  const twice = PARAMETERS.find((name) => secured.searchParams.has(name))
  if (twice)
    throw new QiError('CONFIG_INVALID', `${at} and the URL (${twice}) both speak of TLS: say it in one place`, { field: at })
  const set = (name: string, value: string | undefined) => value && secured.searchParams.set(name, value)
  if (!readTls(settings, at)) set('sslmode', 'disable')
  else {
    set('sslmode', settings.reject_unauthorized ? 'verify-full' : 'no-verify')
    set('sslrootcert', settings.ca)
    set('sslcert', settings.cert)
    set('sslkey', settings.key)
  }
  return secured.href
}
