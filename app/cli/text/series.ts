import { escapeHidden, type Series } from '../../../lib/src/base/index.ts'

/** A series in words. */
export const seriesName = ({ coinId, source, currency }: Pick<Series, 'coinId' | 'source' | 'currency'>): string =>
  escapeHidden(`${coinId} in ${currency} from ${source}`)
