import { QiError } from '../../types/index.ts'
import { readTls } from './read.ts'
import type { TlsSettings } from './settings.ts'

/** Parameters of a database URL that duplicate the settings. */
const PARAMETERS = ['ssl', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'] as const

/**
 * A database URL with the TLS settings as parameters, so that they apply to `pg` and `psql` alike.
 * @throws QiError CONFIG_INVALID if the URL sets TLS itself, or a file cannot be used
 */
export function secureDatabaseUrl(url: string, settings: TlsSettings, at = 'database.tls'): string {
  if (settings.enabled === undefined && !readTls(settings, at)) return url
  const secured = new URL(url)
  const twice = PARAMETERS.find((name) => secured.searchParams.has(name))
  if (twice) throw new QiError('CONFIG_INVALID', `${at} and the URL (${twice}) both set TLS; set it in one place`, { field: at })
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
