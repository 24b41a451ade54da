import { readerAddress } from '../../../lib/src/base/database/index.ts'
import type { CryptoDataPlatform, PlatformConfig } from '../../../lib/src/streaming/platform/index.ts'

/** Addresses and places of a running platform, as name and text. */
export function overview(platform: CryptoDataPlatform, url: string): readonly (readonly [string, string])[] {
  const { config, store } = platform
  const status = platform.getStatus()
  const version = store.capabilities.timescale ?? store.embedded?.version
  const place = store.embedded ? `in ${store.embedded.dataFolder}` : `at ${serverOf(store.url)}`
  return [
    ['data', config.home],
    ['store', `${status.store}${version ? ` ${version}` : ''} ${place}`],
    ['sql', sqlText(platform)],
    ['stream', status.stream === 'embedded' ? 'an embedded log in that database' : `Redpanda at ${config.redpanda.brokers}`],
    ['sources', sourcesText(config)],
    ['http', `${url}  (API: ${url}/api/v1/docs)`],
  ]
}

/** The address for programs that speak SQL, without its password, which `qicore db url` prints. */
function sqlText({ store: { embedded, url } }: CryptoDataPlatform): string {
  const address = embedded ? readerAddress(new URL(url).port) : 'DATABASE_URL'
  return `${address}  (qicore psql, qicore db url)`
}

/** Host, port and database of an address, without user and password. */
function serverOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}

function sourcesText({ sources: { run } }: PlatformConfig): string {
  if (!run) return 'coingecko; fallback: the SIMULATED market'
  return run.length > 0 ? run.join(', ') : 'none'
}
