import { MICROS_PER_SECOND, type Micros } from '../time.ts'
import { oneOf, text, timeField } from './fields.ts'

/** Allowed clock skew between venues, sources and the database, in microseconds. */
export const CLOCK_SLACK: Micros = 300 * MICROS_PER_SECOND

/** The origin of a record. */
export const ORIGINS = ['live', 'backfill', 'replay', 'manual', 'simulated'] as const
export type Origin = (typeof ORIGINS)[number]

/** The source, and the origin, of the records that people and agents hand in. No configured source may have this name. */
export const MANUAL = 'manual'

/** The name of a source: lower case, no colon, since a message key is `source:coin_id`. */
export const SOURCE_NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/

export const coinId = () => text("the source's own id of the instrument, such as bitcoin, BTC/USDT or AAPL")
export const currency = () => text('the currency of the figures, as the source writes it, such as usd or USDT')

/** The fields of every record. */
export const common = {
  source: text('the venue or provider').regex(SOURCE_NAME, 'a source name is lower case and holds no colon'),
  time: timeField('when the market says it happened'),
  received_at: timeField('when the platform saw it'),
  origin: oneOf(ORIGINS, 'how the record came to be'),
}

/** The fields of every record of one instrument. */
export const ofInstrument = { coin_id: coinId(), ...common }
