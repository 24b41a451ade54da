import { type PendingMigrations, pendingMigrations, type Store, type Unmigrated } from '../../../lib/src/base/database/index.ts'
import { countOf } from '../../../lib/src/base/types/index.ts'
import { type PlatformConfig, platformMigrations } from '../../../lib/src/streaming/platform/index.ts'
import { type Finding, failed, ok, unused } from './finding.ts'
import { placeOf } from './unopened.ts'

/** Components of a store that are not set up, or older than this program. Their own code must not open them: it would migrate them. */
export async function unmigrated({ pool }: Store, config: PlatformConfig): Promise<ReadonlySet<string>> {
  const all = await pendingMigrations(pool, platformMigrations(config))
  return new Set(all.filter(({ pending }) => pending.length > 0).map(({ component }) => component))
}

export const NOT_SET_UP = 'is not set up yet: qicore up does that'

/** Findings about a store that is not set up yet, or older than this program. Nothing is created or changed for them. */
export function checkUnmigrated(
  { database }: PlatformConfig,
  { capabilities, layout, pending, mayCreate }: Unmigrated,
): Finding[] {
  const { serverVersion } = capabilities
  const reached = `${placeOf(database)}: PostgreSQL ${Math.floor(serverVersion / 10_000)}.${serverVersion % 10_000} answers`
  if (!mayCreate)
    return [
      failed(
        'store',
        `${reached}, but the role of DATABASE_URL may not create tables there`,
        'as its owner: grant create on schema public to ROLE',
      ),
    ]
  if (!layout.fresh)
    return [
      unused(
        'store',
        `${reached}; it is older than this program: ${listed(pending)} to apply`,
        `qicore up applies them; back it up first`,
      ),
    ]
  const summary = `${layout.layout === 'plain' ? 'plain tables' : 'hypertables'} will be created, because ${layout.reason}`
  return [
    ok('store', `${reached}; it ${NOT_SET_UP}`),
    layout.remedy === undefined
      ? ok('layout', summary)
      : unused('layout', summary, `for hypertables ${layout.remedy} before the first start`),
  ]
}

/** `2 migrations (store 4 calendar, rollups 2 flaws)` */
function listed(pending: readonly PendingMigrations[]): string {
  const files = pending.flatMap(({ component, pending }) => pending.map(({ version, name }) => `${component} ${version} ${name}`))
  return `${countOf(files.length, 'migration')} (${files.join(', ')})`
}
