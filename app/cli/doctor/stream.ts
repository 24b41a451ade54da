import { countOf, recordTypes, type Store, type Stream, silentLogger } from '../../../lib/src/base/index.ts'
import { type AbandonedGroup, EmbeddedStream, openRedpanda, SchemaRegistry } from '../../../lib/src/streaming/index.ts'
import { openPipelines, openStreamFor, type PlatformConfig } from '../../../lib/src/streaming/platform/index.ts'
import { duration } from '../text/age.ts'
import { type Finding, found, unused } from './finding.ts'

/** Consumer groups that are read on at the next start: those of the configuration, and of pipelines that run. */
async function groupsOf(config: PlatformConfig, { pool }: Store): Promise<string[]> {
  const pipelines = await openPipelines(config, () => pool).list()
  return pipelines.filter(({ state }) => state === 'running').flatMap(({ outputs }) => outputs.map(({ group }) => group))
}

/** Appends and reads for real, on the brokers or in the store. */
export async function checkStream(config: PlatformConfig, store: Store | undefined): Promise<Finding[]> {
  const name = 'stream'
  if (!config.redpanda.brokers) {
    if (!store) return [unused(name, 'the embedded log lies in the store, which does not work')]
    return [
      ...(await tried(name, () => openStreamFor(config, store, { logger: silentLogger }), await groupsOf(config, store))),
      unused('Redpanda', 'not configured: the embedded log is used', 'for brokers of your own set REDPANDA_BROKERS=host:9092'),
    ]
  }
  return tried(name, () => openRedpanda(config.redpanda, { logger: silentLogger }))
}

async function tried(name: string, open: () => Promise<Stream>, ours: readonly string[] = []): Promise<Finding[]> {
  await using stream = await open()
  const finding = found(name, await stream.check())
  if (finding.verdict !== 'ok' || !(stream instanceof EmbeddedStream)) return [finding]
  return [finding, ...(await stream.abandonedGroups()).filter((group) => !ours.includes(group.name)).map(abandoned)]
}

/** The embedded log keeps messages that a group has not read. */
function abandoned({ name, lastSeen, unread }: AbandonedGroup): Finding {
  const since = duration(Date.now() - lastSeen)
  return unused(
    'consumer group',
    `nobody has read as "${name}" for ${since}, and the embedded log keeps ${countOf(unread, 'message')} for it`,
    `if nobody will, forget it: qicore group delete ${name}`,
  )
}

/** Reached when it lists its subjects, and well when our schemas may follow those it holds. */
export async function checkRegistry(config: PlatformConfig, signal: AbortSignal): Promise<Finding[]> {
  const { redpanda, schema_registry: settings } = config
  const name = 'schema registry'
  if (!settings.url) return [unused(name, 'not configured', 'for one of your own set SCHEMA_REGISTRY_URL')]
  await using registry = new SchemaRegistry(settings.url, settings)
  const topics = Object.values(recordTypes).map(({ topic }) => topic)
  const finding = found(name, await registry.check(topics, signal))
  if (redpanda.brokers) return [finding]
  return [{ ...finding, summary: `${finding.summary}; not used, since the embedded log takes plain JSON` }]
}
