import type { Series } from '../../../lib/src/base/index.ts'
import { printable } from './printable.ts'

/** A series in words. */
export const seriesName = ({ coinId, source, currency }: Pick<Series, 'coinId' | 'source' | 'currency'>): string =>
  printable(`${coinId} in ${currency} from ${source}`)
