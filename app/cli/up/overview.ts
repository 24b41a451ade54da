import type { CryptoDataPlatform } from '../../../lib/src/streaming/platform/index.ts'

/** What runs where, as name and text. */
export function overview(platform: CryptoDataPlatform, url: string): readonly (readonly [string, string])[] {
  const { config, store } = platform
  const status = platform.getStatus()
  const version = store.capabilities.timescale ?? store.embedded?.version
  const place = store.embedded ? `in ${store.embedded.dataFolder}` : `at ${serverOf(store.url)}`
  return [
    ['data', config.home],
    ['store', `${status.store}${version ? ` ${version}` : ''} ${place}`],
    ['stream', status.stream === 'embedded' ? 'an embedded log in that database' : `Redpanda at ${config.redpanda.brokers}`],
    ['sources', config.sources?.join(', ') ?? 'coingecko; the SIMULATED market while it cannot be reached'],
    ['http', `${url}  (API: ${url}/api/v1/docs)`],
  ]
}

/** Host, port and database: nobody needs the user's name, and the password is a secret. */
function serverOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}
