import type { Timeframe } from '../../../base/types/index.ts'

/** The market of a symbol, where a file tells it. */
export type Market = 'spot' | 'futures'

/** An instrument in our names. */
export interface FoundInstrument {
  readonly coinId: string
  readonly currency: string
}

/** The series that the records of a member belong to. */
export interface MemberSeries extends FoundInstrument {
  readonly source: string
  /** The length of candles; nothing else has one. */
  readonly timeframe?: Timeframe
}
