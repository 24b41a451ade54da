import { formatTime } from '../../types/index.ts'
import type { Series } from '../dsl/results.ts'

export const seriesWire = ({ coinId, source, currency, simulated, latest }: Series) => ({
  coin_id: coinId,
  source,
  currency,
  simulated,
  latest: formatTime(latest),
})
