import { layoutMismatch, openStore, type Store } from '../../../lib/src/base/database/index.ts'
import { type PlatformConfig, platformMigrations } from '../../../lib/src/streaming/platform/index.ts'
import { type Finding, failed, found, ok, unused } from './finding.ts'

const OPEN_TIMEOUT_MS = 5000

/** Opens the store as the platform does, but creates and changes no table. An embedded server is started. */
export function openForCheck(config: PlatformConfig, signal: AbortSignal, onNotice: (notice: string) => void): Promise<Store> {
  const { home, database, store, embedded_database } = config
  return openStore({
    home,
    embeddedPort: embedded_database.port,
    databaseUrl: database.url,
    readUrl: database.read_url,
    layout: store.layout,
    migrations: 'refuse',
    components: platformMigrations(config),
    readerLimits: database.reader_limits,
    readers: 2,
    writers: 1,
    applicationName: 'qicore-doctor',
    openTimeoutMs: OPEN_TIMEOUT_MS,
    signal,
    onNotice,
  })
}

/** Writes, reads and rolls back a row; checks the server's features, the layout of the tables and the clock. */
export async function checkStore(store: Store, config: PlatformConfig): Promise<Finding[]> {
  const checked = await store.check()
  return [
    found('store', checked),
    ...(await store.troubles())
      .filter(({ what }) => !checked.summary.includes(what))
      .map(({ what, remedy }) => failed('store', what, remedy)),
    describeCapabilities(store),
    ...(store.reads === store ? [] : [found('read replica', await store.reads.check())]),
    ...(await checkLayout(store, config)),
    ...(await checkClock(store)),
  ]
}

const HOW_TO_GET =
  'docker run -p 5432:5432 -e POSTGRES_PASSWORD=… timescale/timescaledb:latest-pg17, and DATABASE_URL=postgres://postgres:…@localhost:5432/postgres'

function describeCapabilities({ capabilities }: Store): Finding {
  const { timescale, compression, continuousAggregates } = capabilities
  if (!timescale)
    return unused(
      'TimescaleDB',
      `plain PostgreSQL: everything works, without chunks and compression; rollups are in a plain table, and old data is deleted in batches`,
      `for TimescaleDB: ${HOW_TO_GET}`,
    )
  if (compression && continuousAggregates)
    return ok('TimescaleDB', `${timescale}: hypertables, compression, continuous aggregates`)
  return unused(
    'TimescaleDB',
    `${timescale}, the Apache build: hypertables, but no compression and no continuous aggregates`,
    `for the community build: ${HOW_TO_GET}`,
  )
}

/** The layout is chosen when the tables are created; it stays when the server gets or loses the extension later. */
async function checkLayout({ pool, capabilities, layout }: Store, { store }: PlatformConfig): Promise<Finding[]> {
  const what = `the tables are ${layout.layout === 'plain' ? 'plain' : 'hypertables'}, because ${layout.reason}`
  const meant = layout.layout === 'plain' && store.layout === 'plain'
  if (meant || !(await layoutMismatch(pool, capabilities))) return [ok('layout', what)]
  if (layout.layout === 'plain')
    return [
      failed(
        'layout',
        `${what}; the extension is installed now, but plain tables have no chunks and no compression`,
        'stop the platform and run qicore store convert; or set store.layout to plain',
      ),
    ]
  return [
    failed('layout', `${what}; the extension is missing now`, 'install the extension timescaledb again, in the same version'),
  ]
}

const MOST_SKEW_MS = 2000

/** If two clocks differ, fresh prices look old, or lie in the future. */
async function checkClock({ pool, engine }: Store): Promise<Finding[]> {
  if (engine === 'embedded') return []
  const asked = Date.now()
  const { rows } = await pool.query<{ now: string }>('select (extract(epoch from clock_timestamp()) * 1000)::text as now')
  const skew = Math.round(Number(rows[0]?.now) - (asked + Date.now()) / 2)
  const summary = `the database's clock is ${Math.abs(skew)} ms ${skew < 0 ? 'behind' : 'ahead of'} this machine's`
  return Math.abs(skew) > MOST_SKEW_MS
    ? [failed('clock', summary, 'synchronize both clocks by NTP (timedatectl set-ntp true)')]
    : [ok('clock', summary, { skew_ms: skew })]
}
