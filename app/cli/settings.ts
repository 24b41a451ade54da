import type { LoadedConfig } from '../../lib/src/streaming/platform/index.ts'

export interface ShownSetting {
  readonly path: string
  /** Undefined where it is not set. */
  readonly value?: unknown
  /** `flag --port`, `environment QICORE_PORT`, `qicore.yaml`, `default`. */
  readonly from: string
  readonly description: string
}

/** Every setting as it may be shown: of a secret only that it is set, of an address everything but the password. */
export function effective({ config, provenance }: LoadedConfig): ShownSetting[] {
  return provenance.map(({ path, value, secret, description, from }) => {
    const actual = path === 'home' ? config.home : value
    const shown = secret ? maskSecret(actual) : Array.isArray(actual) ? actual.map(maskUrl) : maskUrl(actual)
    return { path, ...(shown === undefined ? {} : { value: shown }), from, description }
  })
}

function maskSecret(value: unknown): unknown {
  if (value === undefined) return undefined
  // A database's address holds a password and is worth seeing without it.
  return typeof value === 'string' && /^\w+:\/\//.test(value) ? maskUrl(value) : '(set)'
}

const SECRET_PARAMETER = /pass|secret|token|key/i

/** The address with `***` in place of a password, in whichever part it stands; other values as they are. */
export function maskUrl(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\w+:\/\//.test(value)) return value
  if (!URL.canParse(value)) return '(set)'
  const url = new URL(value)
  if (url.password) url.password = '***'
  for (const name of [...url.searchParams.keys()]) if (SECRET_PARAMETER.test(name)) url.searchParams.set(name, '***')
  return url.password || url.search ? url.href : value
}
