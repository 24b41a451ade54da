import { setTimeout } from 'node:timers/promises'
import type { Store, TimeTable } from '../../../base/database/index.ts'
import { type Logger, recordTypes } from '../../../base/types/index.ts'
import type { StoreSettings } from './settings.ts'

interface Janitor {
  /** Resolves once the policies are applied, or could not be. */
  readonly tried: Promise<void>
  /** Runs until stopped. May be run again: only the first run applies the policies, so that later changes of them stay. */
  run(signal: AbortSignal): Promise<void>
}

/** Applies the configured policies once, then drops records past their retention now and then. */
export function janitor(store: Pick<Store, 'timescale' | 'capabilities'>, settings: StoreSettings, logger: Logger): Janitor {
  const tried = Promise.withResolvers<void>()
  let applied = false
  return {
    tried: tried.promise,
    async run(signal) {
      if (!applied) await applyPolicies(store, settings, logger).finally(tried.resolve)
      applied = true
      while (!signal.aborted) {
        for (const { table, unit, dropped } of await store.timescale.policies.applyRetention({ signal }))
          if (dropped > 0)
            logger.info({ table, unit, dropped }, `dropped ${dropped} ${unit} of ${table} that were past their retention`)
        await setTimeout(settings.retention_every_minutes * 60_000, undefined, { signal, ref: false }).catch(() => {})
      }
    },
  }
}

/** Sets retention and compression of every table as configured: unlimited and uncompressed where nothing is configured. */
export async function applyPolicies(
  { timescale, capabilities }: Pick<Store, 'timescale' | 'capabilities'>,
  { retention, compress_after: compressAfter }: StoreSettings,
  logger: Logger,
): Promise<void> {
  const { policies } = timescale
  for (const [record, days] of Object.entries({ ...KEEP_ALL, ...retention }))
    await policies.setRetention(recordTypes[record as keyof StoreSettings['retention']].table as TimeTable, days)
  if (!(await policies.canCompress())) {
    if (compressAfter !== undefined)
      logger.warn(
        {},
        'store.compress_after has no effect: compression needs TimescaleDB (community edition); nothing is compressed',
      )
    return
  }
  const now = await policies.compression()
  for (const record of Object.keys(KEEP_ALL)) {
    const table = recordTypes[record as keyof StoreSettings['retention']].table as TimeTable
    if (now[table] !== compressAfter) await policies.setCompression(table, compressAfter)
  }
  logger.debug({ timescale: capabilities.timescale, compressAfter }, 'policies applied')
}

const KEEP_ALL: Readonly<Record<keyof StoreSettings['retention'], number | undefined>> = {
  price: undefined,
  ohlcv: undefined,
  trade: undefined,
  quote: undefined,
  indicator: undefined,
  market_analytics: undefined,
  trending: undefined,
  alert: undefined,
  book: undefined,
  corporate_action: undefined,
  observation: undefined,
}
