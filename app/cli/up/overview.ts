import type { CryptoDataPlatform, PlatformConfig } from '../../../lib/src/streaming/platform/index.ts'

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
    ['sources', sourcesText(config)],
    ['http', `${url}  (API: ${url}/api/v1/docs)`],
  ]
}

/** Host, port and database: nobody needs the user's name, and the password is a secret. */
function serverOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}

function sourcesText({ sources: { run } }: PlatformConfig): string {
  if (!run) return 'coingecko; the SIMULATED market while it cannot be reached'
  return run.length > 0 ? run.join(', ') : 'none'
}
