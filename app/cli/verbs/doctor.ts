import { type Store, StoreNotMigrated } from '../../../lib/src/base/database/index.ts'
import { toQiError } from '../../../lib/src/base/types/index.ts'
import type { LoadedConfig, PlatformConfig } from '../../../lib/src/streaming/platform/index.ts'
import { checkAccess } from '../doctor/access.ts'
import { checkCalendars } from '../doctor/calendars.ts'
import { checkDestination, otherDestinations } from '../doctor/destinations.ts'
import { type Finding, failed, ok, unused, within } from '../doctor/finding.ts'
import { checkLimits } from '../doctor/limits.ts'
import { checkFolder, checkNode } from '../doctor/machine.ts'
import { checkPipelines } from '../doctor/pipelines.ts'
import { checkPlatform } from '../doctor/platform.ts'
import { show } from '../doctor/show.ts'
import { checkSources, tolerated } from '../doctor/sources.ts'
import { checkSql } from '../doctor/sql.ts'
import { checkStore, openForCheck } from '../doctor/store.ts'
import { checkRegistry, checkStream } from '../doctor/stream.ts'
import { checkUnmigrated, NOT_SET_UP, unmigrated } from '../doctor/unmigrated.ts'
import { unopened } from '../doctor/unopened.ts'
import { EXIT } from '../exitCodes.ts'
import type { Session } from '../session.ts'

/** The first start of the embedded server creates its files, which takes long on a slow disk. */
const EMBEDDED_MS = 60_000
const EXTERNAL_MS = 8000
const REQUEST_MS = 8000

export async function run(session: Session): Promise<number> {
  const findings: Finding[] = []
  for await (const finding of examine(session)) {
    findings.push(finding)
    if (!session.json) await show(session, finding)
  }
  const works = findings.every(({ verdict }) => verdict !== 'failed')
  if (session.json) await session.out.json({ ok: works, checks: findings })
  else
    await session.out.line(
      works
        ? '\nall checks passed'
        : `\n${findings.filter(({ verdict }) => verdict === 'failed').length} of ${findings.length} checks failed`,
    )
  return works ? EXIT.ok : EXIT.failed
}

async function* examine(session: Session): AsyncGenerator<Finding, void, undefined> {
  yield checkNode()
  let loaded: LoadedConfig
  try {
    loaded = await session.load()
  } catch (error) {
    for (const problem of toQiError(error).message.split('\n'))
      yield failed('settings', problem, 'correct it; `qicore config check` checks it again')
    yield unused('engines', 'not checked, because the settings are not valid')
    return
  }
  const { config, provenance, project } = loaded
  yield ok('settings', `project ${project}, ${provenance.filter(({ from }) => from !== 'default').length} set`)
  yield* await within('data folder', REQUEST_MS, () => checkFolder(config.home))
  yield* await within('platform', REQUEST_MS, (signal) => checkPlatform(config, signal))
  // Checks over the network run while the engines start; the lines keep their order.
  const registry = within(
    'schema registry',
    REQUEST_MS,
    (signal) => checkRegistry(config, signal),
    'start it, or correct SCHEMA_REGISTRY_URL',
  )
  const sources = checkSources(config)
  yield* checkEngines(session, config)
  yield* await registry
  for (const source of sources) for (const finding of await source) yield tolerated(config, finding)
}

async function* checkEngines(session: Session, config: PlatformConfig): AsyncGenerator<Finding, void, undefined> {
  const deadline = AbortSignal.any([session.signal, AbortSignal.timeout(config.database.url ? EXTERNAL_MS : EMBEDDED_MS)])
  let store: Store | undefined
  let unusable = 'does not work'
  try {
    store = await openForCheck(config, deadline, (notice) => void session.remark(notice))
  } catch (error) {
    if (error instanceof StoreNotMigrated) {
      unusable = NOT_SET_UP
      yield* checkUnmigrated(config, error.found)
    } else yield unopened(config, error)
  }
  try {
    let outdated: ReadonlySet<string> = new Set()
    if (store) {
      const opened = store
      yield* await within('store', EXTERNAL_MS, async () => {
        outdated = await unmigrated(opened, config)
        return checkStore(opened, config)
      })
      yield* await within('SQL of tools', EXTERNAL_MS, () => checkSql(opened))
      yield* await within('psql', EXTERNAL_MS, () => checkAccess(opened))
      yield* await within('rate limits', EXTERNAL_MS, async () => (outdated.has('networking') ? [] : checkLimits(opened)))
      yield* await within('calendars', EXTERNAL_MS, async () => (outdated.has('coverage') ? [] : checkCalendars(opened)))
      for (const one of otherDestinations(config))
        yield* await within(`destination ${one.name}`, EXTERNAL_MS, (signal) => checkDestination(one, config, opened, signal))
      yield* await within('pipelines', EXTERNAL_MS, async () =>
        outdated.has('pipelines') ? [unused('pipelines', NOT_SET_UP)] : checkPipelines(config, opened),
      )
    }
    const remedy = config.redpanda.brokers
      ? 'start the brokers, or correct REDPANDA_BROKERS; unset it to use the embedded log'
      : undefined
    const usable = outdated.has('stream') ? NOT_SET_UP : (store ?? unusable)
    yield* await within('stream', EXTERNAL_MS, () => checkStream(config, usable, !outdated.has('pipelines')), remedy)
  } finally {
    await store?.close()
  }
}
