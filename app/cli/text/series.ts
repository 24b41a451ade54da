import type { Series } from '../../../lib/src/base/database/index.ts'
import { escapeHidden } from '../../../lib/src/base/types/index.ts'

/** A series in words, such as `bitcoin in usd from coingecko`. */
export const seriesName = ({ coinId, source, currency }: Pick<Series, 'coinId' | 'source' | 'currency'>): string =>
  escapeHidden(`${coinId} in ${currency} from ${source}`)

/** Columns that name a series in CSV. */
export const SERIES_COLUMNS = ['coin_id', 'source', 'currency', 'timeframe'] as const
