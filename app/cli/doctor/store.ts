import { layoutMismatch, openStore, type Store } from '../../../lib/src/base/index.ts'
import type { PlatformConfig } from '../../../lib/src/streaming/platform/index.ts'
import { type Finding, failed, found, ok, unused } from './finding.ts'

const OPEN_TIMEOUT_MS = 5000

/** Opens the store as the platform would: the embedded server is started, a URL is connected to. */
export function openForCheck(
  { home, database }: PlatformConfig,
  signal: AbortSignal,
  onNotice: (notice: string) => void,
): Promise<Store> {
  return openStore({
    home,
    databaseUrl: database.url,
    readUrl: database.read_url,
    readerLimits: database.reader_limits,
    readers: 2,
    writers: 1,
    applicationName: 'qicore-doctor',
    openTimeoutMs: OPEN_TIMEOUT_MS,
    signal,
    onNotice,
  })
}

/** A row written, read and rolled back; what the server can do; whether the tables fit it; whether its clock agrees. */
export async function checkStore(store: Store): Promise<Finding[]> {
  return [
    found('store', await store.check()),
    describeCapabilities(store),
    ...(store.reads === store ? [] : [found('read replica', await store.reads.check())]),
    ...(await checkLayout(store)),
    ...(await checkClock(store)),
  ]
}

const HOW_TO_GET =
  'docker run -p 5432:5432 -e POSTGRES_PASSWORD=… timescale/timescaledb:latest-pg17, and DATABASE_URL=postgres://postgres:…@localhost:5432/postgres'

function describeCapabilities({ capabilities }: Store): Finding {
  const { timescale, compression, continuousAggregates, retention } = capabilities
  if (!timescale)
    return unused(
      'TimescaleDB',
      `plain PostgreSQL: everything works, without chunks and compression; rollups are kept in a table of ours, old data is dropped in ${retention}`,
      `to have them: ${HOW_TO_GET}`,
    )
  if (compression && continuousAggregates)
    return ok('TimescaleDB', `${timescale}: hypertables, compression, continuous aggregates`)
  return unused(
    'TimescaleDB',
    `${timescale}, the Apache build: hypertables, but no compression and no continuous aggregates`,
    `for the community build: ${HOW_TO_GET}`,
  )
}

/** Tables are laid out when they are made; a server that got or lost the extension since does not change them. */
async function checkLayout({ pool, capabilities }: Store): Promise<Finding[]> {
  if (!capabilities.hypertables) return []
  if (!(await layoutMismatch(pool, capabilities))) return [ok('layout', 'the tables are hypertables')]
  return [
    failed(
      'layout',
      'the tables were made plain, before TimescaleDB was there: no compression, no chunks; all else works',
      'set DATABASE_URL to a new database on this server and fill it: qicore backfill, or psql with copy … to and copy … from',
    ),
  ]
}

const MOST_SKEW_MS = 2000

/** Two clocks that differ make fresh prices look old, or new ones lie in the future. */
async function checkClock({ pool, engine }: Store): Promise<Finding[]> {
  if (engine === 'embedded') return []
  const asked = Date.now()
  const { rows } = await pool.query<{ now: string }>('select (extract(epoch from clock_timestamp()) * 1000)::text as now')
  const skew = Math.round(Number(rows[0]?.now) - (asked + Date.now()) / 2)
  const summary = `the database's clock is ${Math.abs(skew)} ms ${skew < 0 ? 'behind' : 'ahead of'} this machine's`
  return Math.abs(skew) > MOST_SKEW_MS
    ? [failed('clock', summary, 'let both keep time by NTP (timedatectl set-ntp true)')]
    : [ok('clock', summary, { skew_ms: skew })]
}
