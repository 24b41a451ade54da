import type { Store } from '../../../lib/src/base/database/index.ts'
import { countOf, type PipelineInfo, recordTypes, type Stream, silentLogger } from '../../../lib/src/base/types/index.ts'
import { sinkDefinitions } from '../../../lib/src/consumers/index.ts'
import { type AbandonedGroup, EmbeddedStream, openRedpanda, SchemaRegistry } from '../../../lib/src/streaming/index.ts'
import { destinationsOf, openPipelines, openStreamFor, type PlatformConfig } from '../../../lib/src/streaming/platform/index.ts'
import { duration } from '../text/age.ts'
import { type Finding, found, unused } from './finding.ts'

/** The consumer groups of running and of stopped pipelines, without groups of destinations that are not configured here. */
async function groupsOf(config: PlatformConfig, { pool }: Store, deployed: boolean): Promise<Groups> {
  const opened = openPipelines(config, () => pool)
  const pipelines = deployed ? await opened.list() : opened.configured()
  const destinations = destinationsOf(config, sinkDefinitions)
  const of = (some: readonly PipelineInfo[]) =>
    new Map(
      some.flatMap(({ name, outputs }) =>
        outputs.filter((one) => one.kind === 'topic' || destinations.has(one.name)).map(({ group }) => [group, name]),
      ),
    )
  return {
    running: of(pipelines.filter(({ state }) => state === 'running')),
    stopped: of(pipelines.filter(({ state, kind }) => state === 'stopped' && kind === 'deployed')),
  }
}

/** Names of pipelines by consumer group. */
interface Groups {
  readonly running: ReadonlyMap<string, string>
  readonly stopped: ReadonlyMap<string, string>
}

/**
 * Appends and reads a message, on the brokers or in the store.
 * @param store the store; or, if it cannot be used, a clause that says why
 * @param deployed false if the store has no tables of deployed pipelines yet
 */
export async function checkStream(config: PlatformConfig, store: Store | string, deployed: boolean): Promise<Finding[]> {
  const name = 'stream'
  if (!config.redpanda.brokers) {
    if (typeof store === 'string') return [unused(name, `the embedded log is in the store, which ${store}`)]
    return [
      ...(await tried(
        name,
        () => openStreamFor(config, store, { logger: silentLogger }),
        await groupsOf(config, store, deployed),
      )),
      unused('Redpanda', 'not configured: the embedded log is used', 'for brokers of your own set REDPANDA_BROKERS=host:9092'),
    ]
  }
  return tried(name, () => openRedpanda(config.redpanda, { logger: silentLogger }))
}

async function tried(name: string, open: () => Promise<Stream>, ours?: Groups): Promise<Finding[]> {
  await using stream = await open()
  const finding = found(name, await stream.check())
  if (finding.verdict !== 'ok' || !(stream instanceof EmbeddedStream)) return [finding]
  const groups = (await stream.abandonedGroups()).filter((group) => !ours?.running.has(group.name))
  return [finding, ...groups.map((group) => abandoned(group, ours?.stopped.get(group.name)))]
}

/** The finding of a group that no process reads: the embedded log keeps its messages until its lag exceeds the bound. */
function abandoned({ name, lastSeen, unread }: AbandonedGroup, stopped: string | undefined): Finding {
  const since = duration(Date.now() - lastSeen)
  const kept = `"${name}" was last read ${since} ago; the embedded log keeps ${countOf(unread, 'message')} for it, up to max_lag`
  return unused(
    'consumer group',
    stopped ? `pipeline ${stopped} is stopped: ${kept}` : kept,
    stopped
      ? `qicore pipeline resume ${stopped}, or qicore pipeline delete ${stopped}`
      : `if it is not needed any more: qicore group delete ${name}`,
  )
}

/** Checks that the registry lists its subjects, and that our schemas are compatible with those it holds. */
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
