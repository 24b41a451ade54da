import { type Ohlcv, ohlcv, type Price, price, type RecordBatch } from '../../../base/types/index.ts'
import type { CoinGeckoVerbs } from '../../sources/coingecko/index.ts'
import type { WatchJob } from './jobs.ts'
import { ohlcCall } from './windows.ts'

export interface CoinGeckoAnswer {
  readonly batch: RecordBatch<Price> | RecordBatch<Ohlcv>
  /** Reasons of the rejected records. */
  readonly problem?: string
}

/** The sub-agent that calls CoinGecko, by its API or its MCP server. */
export class CoinGeckoAgent {
  readonly #verbs: Pick<CoinGeckoVerbs, 'getCurrentPrices' | 'getOHLCVData'>

  constructor(verbs: Pick<CoinGeckoVerbs, 'getCurrentPrices' | 'getOHLCVData'>) {
    this.#verbs = verbs
  }

  /** @throws QiError of the call */
  async fetch(job: WatchJob, signal: AbortSignal): Promise<CoinGeckoAnswer> {
    if (job.kind === 'prices') {
      const { coins, currencies } = job
      const result = await this.#verbs.getCurrentPrices({ coins: [...coins], currencies: [...currencies] }, { signal })
      return answer({ type: price, ...result })
    }
    const { coin, currency, timeframe, maxAgeMs } = job
    const result = await this.#verbs.getOHLCVData({ coin, currency, ...ohlcCall(timeframe, maxAgeMs) }, { signal })
    return answer({ type: ohlcv, ...result })
  }
}

function answer<B extends CoinGeckoAnswer['batch']>(batch: B): CoinGeckoAnswer {
  const [first, ...others] = batch.rejected ?? []
  if (!first) return { batch }
  const more = others.length > 0 ? `, and ${others.length} more were refused` : ''
  return { batch, problem: `${first.reason}${more}` }
}
