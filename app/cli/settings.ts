import { maskUrl, maskValue } from '../../lib/src/base/types/index.ts'
import type { LoadedConfig } from '../../lib/src/streaming/platform/index.ts'

export interface ShownSetting {
  readonly path: string
  /** Undefined if it is not set. */
  readonly value?: unknown
  /** `flag --port`, `environment QICORE_PORT`, `qicore.yaml`, `default`. */
  readonly from: string
  readonly description: string
}

/** Every setting as it may be shown: secrets as `(set)`, addresses without the password. */
export function effective({ config, provenance }: LoadedConfig): ShownSetting[] {
  return provenance.map(({ path, value, secret, description, from }) => {
    const actual = path === 'home' ? config.home : value
    const shown = secret ? maskSecret(path, actual) : maskValue(actual)
    return { path, ...(shown === undefined ? {} : { value: shown }), from, description }
  })
}

function maskSecret(path: string, value: unknown): unknown {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || !/^\w+:\/\//.test(value)) return '(set)'
  // The path of a destination's address may be a token; in the address of a database only the password is secret.
  const url = path.startsWith('destinations.') ? URL.parse(value) : null
  return url && /^https?:$/.test(url.protocol) ? `${url.protocol}//${url.host}/***` : maskUrl(value)
}
