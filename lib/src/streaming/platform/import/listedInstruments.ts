import type { Pool } from '../../../base/database/index.ts'
import type { ListedInstrument } from '../../../publishers/index.ts'

/** The pairs that a source lists, from the store. */
export async function listedInstruments(pool: Pool, source: string): Promise<readonly ListedInstrument[]> {
  const { rows } = await pool.query<{ symbol: string; coin_id: string; quote: string }>(
    'select symbol, coin_id, quote from trading_pairs where source = $1 and quote is not null',
    [source],
  )
  return rows.map(({ symbol, coin_id, quote }) => ({ symbol, coinId: coin_id, currency: quote }))
}
