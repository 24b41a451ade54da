import { setTimeout } from 'node:timers/promises'
import { type Logger, recordTypes, type Store, type TimeTable } from '../../../base/index.ts'
import type { StoreSettings } from './settings.ts'

interface Janitor {
  /** Once the policies are applied, or could not be. */
  readonly tried: Promise<void>
  /** Runs until stopped, and may be run again: policies that were set since it applied those of the configuration stay. */
  run(signal: AbortSignal): Promise<void>
}

/** Applies the policies of the configuration once, then drops what is past its retention, now and then. */
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

/** The configuration decides: what it does not limit is kept, what it does not compress is compressed no more. */
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
}
