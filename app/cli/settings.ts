import { maskUrl, maskValue } from '../../lib/src/base/index.ts'
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
    const shown = secret ? maskSecret(actual) : maskValue(actual)
    return { path, ...(shown === undefined ? {} : { value: shown }), from, description }
  })
}

function maskSecret(value: unknown): unknown {
  if (value === undefined) return undefined
  // The address of a database holds a password and is worth seeing without it.
  return typeof value === 'string' && /^\w+:\/\//.test(value) ? maskUrl(value) : '(set)'
}
