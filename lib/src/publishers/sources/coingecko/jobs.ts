import { type Ohlcv, ohlcv, type Price, price, type QiError, type RecordType, toQiError } from '../../../base/types/index.ts'
import type { Parsed } from '../shared/collect.ts'
import type { PollJob } from '../shared/PollingSource.ts'
import type { CoinGeckoClient } from './CoinGeckoClient.ts'
import type { CoinGeckoConfig } from './config.ts'
import { chunkIds, cleanIds } from './ids.ts'
import type { OhlcDays } from './parse/ohlc.ts'
import { type CallPlan, JOB_NAMES, type JobName, PAGE } from './schedule.ts'

/** One call, which gives one batch. */
export type Call = (signal: AbortSignal) => Promise<Parsed>

export interface Job extends PollJob {
  readonly name: JobName
  round(): Call[]
}

/** The jobs of the source, most important first. */
export function jobsOf(client: CoinGeckoClient, config: CoinGeckoConfig, plan: CallPlan): Job[] {
  let followed: readonly string[] = config.coins ? cleanIds(config.coins, 'coins') : []
  const { currencies } = config

  const named = (): Call[] => chunkIds(followed).map((ids) => (signal) => client.getPrices({ ids, currencies }, { signal }))

  /** True for one wrong currency among several. A single wrong currency is an error of the whole source. */
  const isOneOfMany = ({ code, message }: QiError) =>
    code === 'BAD_REQUEST' && currencies.length > 1 && /vs_currency/.test(message)

  const topOf = (currency: string): Call[] => {
    const pages = Math.ceil(config.top / PAGE)
    const perPage = Math.ceil(config.top / pages)
    const seen: string[] = []
    return Array.from({ length: pages }, (_, i) => async (signal) => {
      const page = await unlessUnknown(price, `currency ${currency}`, isOneOfMany, () =>
        client.markets({ currency, page: i + 1, perPage }, { signal }),
      )
      // The last page may hold a few more coins than wanted.
      const records = page.records.slice(0, config.top - i * perPage)
      seen.push(...records.map((record) => record.coinId))
      if (i === pages - 1 && currency === currencies[0]) followed = seen
      else if (followed.length === 0) followed = [...seen]
      return { ...page, records }
    })
  }

  // One coin a round, which spreads the calls evenly over the interval.
  let turn = 0
  const candles = (): Call[] => {
    if (followed.length === 0) return []
    const id = followed[Math.floor(turn / currencies.length) % followed.length] as string
    const currency = currencies[turn % currencies.length] as string
    turn++
    const days = ohlcDays(plan.intervals.ohlc)
    const asked = `candles of ${id} in ${currency}`
    const isUnknown = ({ code }: QiError) => code === 'NOT_FOUND' || code === 'BAD_REQUEST'
    return [(signal) => unlessUnknown(ohlcv, asked, isUnknown, () => client.ohlc({ id, currency, days }, { signal }))]
  }

  const rounds: Record<JobName, () => Call[]> = {
    prices: () => (config.coins ? named() : currencies.flatMap(topOf)),
    market: () => [(signal) => client.global({ currencies }, { signal })],
    trending: () => [(signal) => client.trending({ signal })],
    instruments: () => [(signal) => client.coinsList({ signal })],
    ohlc: candles,
  }
  const calls = (name: JobName): number => (name === 'ohlc' ? Math.max(1, followed.length * currencies.length) : 1)
  return JOB_NAMES.filter((name) => plan.intervals[name] > 0).map((name) => ({
    name,
    intervalMs: () => (plan.intervals[name] * 1000) / calls(name),
    round: rounds[name],
    essential: name === 'prices',
    // A coin without candles must not delay the others.
    rotates: name === 'ohlc',
  }))
}

/** The answer, or a refusal if CoinGecko does not have `asked`. @throws QiError any other failure */
async function unlessUnknown<R extends Price | Ohlcv>(
  type: RecordType<R>,
  asked: string,
  isUnknown: (error: QiError) => boolean,
  call: () => Promise<Parsed<R>>,
): Promise<Parsed<R>> {
  try {
    return await call()
  } catch (thrown) {
    const error = toQiError(thrown)
    if (!isUnknown(error)) throw error
    return {
      type,
      records: [],
      rejected: [
        { paths: [], reason: `CoinGecko does not have ${asked}: ${error.message}`, original: JSON.stringify(asked), asked },
      ],
    }
  }
}

/** The shortest window without a gap between two fetches of a coin. It decides the length of the candles too. */
export function ohlcDays(intervalSeconds: number): OhlcDays {
  const days = intervalSeconds / 86_400
  return days <= 0.5 ? '1' : days <= 6 ? '7' : days <= 28 ? '30' : '90'
}
