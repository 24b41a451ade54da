import { setTimeout } from 'node:timers/promises'
import { type Logger, recordTypes, type Store, type TimeTable } from '../../../base/index.ts'
import type { StoreSettings } from './settings.ts'

/**
 * Applies the policies of the configuration, then drops what is past its retention, now and then, until stopped.
 * @param onTried called once the policies are applied, or cannot be
 */
export async function keepPolicies(
  store: Pick<Store, 'timescale' | 'capabilities'>,
  settings: StoreSettings,
  logger: Logger,
  signal: AbortSignal,
  onTried: () => void = () => {},
): Promise<void> {
  await applyPolicies(store, settings, logger).finally(onTried)
  while (!signal.aborted) {
    for (const { table, unit, dropped } of await store.timescale.policies.applyRetention({ signal }))
      if (dropped > 0)
        logger.info({ table, unit, dropped }, `dropped ${dropped} ${unit} of ${table} that were past their retention`)
    await setTimeout(settings.retention_every_minutes * 60_000, undefined, { signal, ref: false }).catch(() => {})
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
