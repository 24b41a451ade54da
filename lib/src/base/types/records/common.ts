import { MICROS_PER_SECOND, type Micros } from '../time.ts'
import { oneOf, text, timeField } from './fields.ts'

/** How far the clocks of venues, sources and the database may be apart. */
export const CLOCK_SLACK: Micros = 300 * MICROS_PER_SECOND

/** How a record came to be. */
export const ORIGINS = ['live', 'backfill', 'replay', 'manual', 'simulated'] as const
export type Origin = (typeof ORIGINS)[number]

/** The source, and the origin, of the records that people and agents hand in. No source of the configuration may be called so. */
export const MANUAL = 'manual'

/** The name of a source: lower case, no colon, since a message key is `source:coin_id`. */
export const SOURCE_NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/

export const coinId = () => text("the source's own id of the instrument, such as bitcoin, BTC/USDT or AAPL")
export const currency = () => text('the currency of the figures, as the source writes it, such as usd or USDT')

/** What every record has. */
export const common = {
  source: text('the venue or provider').regex(SOURCE_NAME, 'a source name is lower case and holds no colon'),
  time: timeField('when the market says it happened'),
  received_at: timeField('when the platform saw it'),
  origin: oneOf(ORIGINS, 'how the record came to be'),
}

/** What every record of one instrument has. */
export const ofInstrument = { coin_id: coinId(), ...common }
