import {
  type Micros,
  nowMicros,
  ohlcv,
  price,
  type SettingWarning,
  type Timeframe,
  timeframeMicros,
  toQiError,
} from '../../../base/types/index.ts'
import type { Parsed } from '../shared/collect.ts'
import type { PollCall, PollJob } from '../shared/PollingSource.ts'
import type { TwelveDataConfig } from './config.ts'
import type { Listing } from './listing.ts'
import { type CreditPlan, hasActions, JOB_NAMES, type JobName } from './schedule.ts'
import { MOST_BARS, type TwelveDataClient } from './TwelveDataClient.ts'

/** Bars of one call at least: the running one, and those that were corrected. */
const FEWEST = 3

/**
 * The jobs of the source, most important first; a call is one symbol.
 * @param warnings filled with the symbols that the account cannot have
 */
export function jobsOf(
  client: TwelveDataClient,
  { symbols, timeframes }: TwelveDataConfig,
  plan: CreditPlan,
  warnings: Map<string, SettingWarning>,
): PollJob[] {
  const field = `sources.${client.source}.symbols`
  const listing = (name: string, signal: AbortSignal): Promise<Listing> => client.resolve(name, field, { signal })
  const lastFinal = new Map<string, Micros>()

  const candles =
    (name: string, timeframe: Timeframe): PollCall =>
    async (signal) => {
      const found = await listing(name, signal)
      const series = `${found.coinId}\n${timeframe}`
      const last = lastFinal.get(series)
      const passed = last === undefined ? 0 : Math.ceil((nowMicros() - last) / timeframeMicros(timeframe))
      const count = Math.min(MOST_BARS, Math.max(FEWEST, passed + 1))
      const bars = await client.bars(found, timeframe, { last: count }, { signal })
      if (!bars) return { type: ohlcv, records: [] }
      const records = bars.records.filter(({ time }) => last === undefined || time > last)
      const closed = records.findLast(({ isFinal }) => isFinal)
      if (closed) lastFinal.set(series, closed.time)
      return { ...bars, records }
    }

  /** A symbol that the plan does not have becomes a warning; the others go on. */
  const unlessDenied =
    (name: string, call: PollCall): PollCall =>
    async (signal) => {
      try {
        const batch = await call(signal)
        warnings.delete(name)
        return batch
      } catch (thrown) {
        const error = toQiError(thrown)
        if (error.code !== 'FORBIDDEN' && error.code !== 'NOT_FOUND') throw error
        const since = warnings.get(name)?.since ?? Date.now()
        warnings.set(name, { subject: `symbol ${name}`, message: error.message, since })
        return { type: price, records: [] }
      }
    }

  const calls: Record<JobName, () => PollCall[]> = {
    quotes: () =>
      symbols.map((name) => unlessDenied(name, async (signal) => client.quote(await listing(name, signal), { signal }))),
    candles: () => timeframes.flatMap((timeframe) => symbols.map((name) => unlessDenied(name, candles(name, timeframe)))),
    instruments: () => symbols.map((name) => unlessDenied(name, (signal) => listed(client, name, field, signal))),
    actions: () =>
      symbols
        .filter(hasActions)
        .flatMap((name) => [
          unlessDenied(name, async (signal) => client.splits(await listing(name, signal), { signal })),
          unlessDenied(name, async (signal) => client.dividends(await listing(name, signal), { signal })),
        ]),
  }
  return JOB_NAMES.filter((name) => plan.intervals[name] > 0).map((name) => ({
    name,
    intervalMs: () => plan.intervals[name] * 1000,
    round: calls[name],
    // A symbol that is unknown or ambiguous is found by the first call of any job.
    essential: true,
  }))
}

async function listed(client: TwelveDataClient, name: string, field: string, signal: AbortSignal): Promise<Parsed> {
  await client.resolve(name, field, { signal })
  return client.instrument(name, { signal })
}
