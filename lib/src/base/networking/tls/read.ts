import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { errorMessage, QiError } from '../../types/index.ts'
import { type TlsSettings, tlsWanted } from './settings.ts'

/** Options of `node:tls`. */
export interface TlsOptions {
  readonly rejectUnauthorized: boolean
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
}

/**
 * Reads and checks the files, so that a wrong key or an expired certificate is reported here and not by a peer that hangs up.
 * @param at the path of the settings, such as `redpanda.tls`
 * @returns undefined if TLS is off
 * @throws QiError CONFIG_INVALID naming the setting
 */
export function readTls(settings: TlsSettings, at: string): TlsOptions | undefined {
  if (!tlsWanted(settings)) return undefined
  const files: { -readonly [name in 'ca' | 'cert' | 'key']?: string } = {}
  for (const name of ['ca', 'cert', 'key'] as const) {
    const path = settings[name]
    if (path) files[name] = readPem(`${at}.${name}`, path)
  }
  tryFiles(files, at)
  return {
    rejectUnauthorized: settings.reject_unauthorized,
    ...files,
    ...(settings.server_name && { servername: settings.server_name }),
  }
}

function readPem(field: string, path: string): string {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new QiError('CONFIG_INVALID', `${field} "${path}" cannot be read: ${errorMessage(error)}`, { cause: error, field })
  }
  if (!text.includes('-----BEGIN '))
    throw new QiError('CONFIG_INVALID', `${field} "${path}" is no PEM file: it holds no -----BEGIN …-----`, { field })
  return text
}

function tryFiles({ ca, cert, key }: { ca?: string; cert?: string; key?: string }, at: string): void {
  const wrong = (name: string, why: string, cause?: unknown): QiError =>
    new QiError('CONFIG_INVALID', `${at}.${name}: ${why}`, { field: `${at}.${name}`, cause })
  const attempt = (name: string, options: object) => {
    try {
      createSecureContext(options)
    } catch (error) {
      throw wrong(name, errorMessage(error), error)
    }
  }
  if (ca) attempt('ca', { ca })
  if (!cert) return
  attempt('cert', { cert })
  const { validToDate } = new X509Certificate(cert)
  if (validToDate.getTime() < Date.now()) throw wrong('cert', `expired on ${validToDate.toISOString()}; renew it`)
  if (key) attempt('key', { cert, key })
}
