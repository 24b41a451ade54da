import type { Pool } from '../../../base/database/index.ts'
import { type ListedInstrument, quoteOf } from '../../../publishers/index.ts'

/**
 * The pairs and securities that a source lists, from the store, and those of these names.
 * @param coins instruments such as `BTC/USDT`; others say nothing about a symbol
 */
export async function listedInstruments(
  pool: Pool,
  source: string,
  coins: readonly string[] = [],
): Promise<readonly ListedInstrument[]> {
  const { rows } = await pool.query<{ symbol: string; coin_id: string; quote: string }>(
    `select symbol, coin_id, quote from trading_pairs where source = $1 and quote is not null
      union all select symbol, coin_id, currency from securities where source = $1 and currency is not null`,
    [source],
  )
  const named = coins.flatMap((coinId) => {
    const currency = quoteOf(coinId)
    return currency === undefined || rows.some(({ coin_id }) => coin_id === coinId) ? [] : [{ symbol: coinId, coinId, currency }]
  })
  return [...rows.map(({ symbol, coin_id, quote }) => ({ symbol, coinId: coin_id, currency: quote })), ...named]
}
