import { alert } from './alert.ts'
import { book } from './book.ts'
import { corporateAction } from './corporateAction.ts'
import { indicator } from './indicator.ts'
import { instrument } from './instrument.ts'
import { marketAnalytics } from './marketAnalytics.ts'
import { observation } from './observation.ts'
import { ohlcv } from './ohlcv.ts'
import { price } from './price.ts'
import { quote } from './quote.ts'
import { trade } from './trade.ts'
import { trending } from './trending.ts'

export { ArrivalOrder, admit, type CalendarOf } from './admission.ts'
export { type Alert, alert, SEVERITIES, type Severity } from './alert.ts'
export { type Book, book } from './book.ts'
export { candle } from './candle.ts'
export { CLOCK_SLACK, MANUAL, ORIGINS, type Origin, SOURCE_NAME } from './common.ts'
export { CORPORATE_ACTIONS, type CorporateAction, corporateAction } from './corporateAction.ts'
export { csvCell, csvHeader, csvList, csvRow } from './csv.ts'
export {
  type BrokenRule,
  type RecordField,
  type RecordOf,
  RecordType,
  type RecordValues,
  type SeriesDeclaration,
  type SeriesProof,
} from './define.ts'
export { type FieldKind, idCheck, MOST_DECIMALS, takesPlainText } from './fields.ts'
export { type Indicator, indicator } from './indicator.ts'
export { ASSET_CLASSES, type AssetClass, type Instrument, instrument } from './instrument.ts'
export { latestPrice } from './latestPrice.ts'
export { listedInstrument } from './listedInstrument.ts'
export { type MarketAnalytics, marketAnalytics } from './marketAnalytics.ts'
export { type Observation, observation } from './observation.ts'
export { BUILT_FROM, type Ohlcv, ohlcv } from './ohlcv.ts'
export { type Price, price } from './price.ts'
export { type Quote, quote } from './quote.ts'
export { sequenceOf, type Trade, trade } from './trade.ts'
export { type Trending, trending } from './trending.ts'

/** Every record type, by name. */
export const recordTypes = {
  price,
  ohlcv,
  trade,
  quote,
  market_analytics: marketAnalytics,
  trending,
  indicator,
  instrument,
  alert,
  book,
  corporate_action: corporateAction,
  observation,
} as const

export type RecordName = keyof typeof recordTypes
