import { type Store, type Stream, silentLogger } from '../../../lib/src/base/index.ts'
import { openRedpanda } from '../../../lib/src/streaming/index.ts'
import { openStreamFor, type PlatformConfig } from '../../../lib/src/streaming/platform/index.ts'
import { type Finding, failed, found, unused } from './finding.ts'

/** Appends and reads for real, on the brokers or in the store. */
export async function checkStream(config: PlatformConfig, store: Store | undefined): Promise<Finding[]> {
  const name = 'stream'
  if (!config.redpanda.brokers) {
    if (!store) return [unused(name, 'the embedded log lies in the store, which does not work')]
    return [
      ...(await tried(name, () => openStreamFor(config, store, { logger: silentLogger }))),
      unused('Redpanda', 'not configured: the embedded log is used', 'for brokers of your own set REDPANDA_BROKERS=host:9092'),
    ]
  }
  return tried(name, () => openRedpanda(config.redpanda, { logger: silentLogger }))
}

async function tried(name: string, open: () => Promise<Stream>): Promise<Finding[]> {
  await using stream = await open()
  return [found(name, await stream.check())]
}

/** Reached when it lists its subjects. */
export async function checkRegistry({ schema_registry: { url } }: PlatformConfig, signal: AbortSignal): Promise<Finding[]> {
  const name = 'schema registry'
  if (!url) return [unused(name, 'not configured', 'for one of your own set SCHEMA_REGISTRY_URL')]
  const remedy = 'start it, or correct SCHEMA_REGISTRY_URL: it ends before /subjects'
  // fetch refuses an address with a password in it.
  const { username, password, href } = new URL(url)
  const plain = new URL(href)
  plain.username = ''
  plain.password = ''
  const headers = username
    ? {
        authorization: `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`,
      }
    : {}
  const place = plain.href.replace(/\/$/, '')
  try {
    const response = await fetch(`${place}/subjects`, { headers, signal })
    if (!response.ok)
      return [
        failed(
          name,
          `${place} answers ${response.status} ${response.statusText}`,
          response.status === 401 ? 'check user and password in SCHEMA_REGISTRY_URL' : remedy,
        ),
      ]
    const subjects = (await response.json()) as unknown
    if (!Array.isArray(subjects)) return [failed(name, `${place} is no schema registry: it lists no subjects`, remedy)]
    return [{ name, verdict: 'ok', summary: `${place} holds ${subjects.length} subjects` }]
  } catch (error) {
    if (signal.aborted) throw error
    return [
      failed(
        name,
        `${place} cannot be reached: ${(error as { cause?: Error }).cause?.message || (error as Error).message}`,
        remedy,
      ),
    ]
  }
}
