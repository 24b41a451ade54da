import { decimal as canonical, type Decimal, formatTime, type Micros, parseTime } from '../../types/index.ts'
import { readDecimals } from '../reading/numericList.ts'
import { customType } from './orm.ts'

/**
 * Text compared byte by byte (collation "C"). A locale's order costs several times as much per comparison, and every insert searches an
 * index of such texts. The order is also the same on every server.
 */
export const text = customType<{ data: string; driverData: string }>({ dataType: () => 'text' })

/** `numeric` without precision, since a scale would round silently; read as canonical text, never as a float. */
export const decimal = customType<{ data: Decimal; driverData: string }>({ dataType: () => 'numeric', fromDriver: canonical })

/** `timestamptz`, as integer microseconds; a JavaScript Date would cut them to milliseconds. */
export const time = customType<{ data: Micros; driverData: string }>({
  dataType: () => 'timestamp with time zone',
  fromDriver: parseTime,
  toDriver: formatTime,
})

export const integer = customType<{ data: number; driverData: string }>({ dataType: () => 'bigint', fromDriver: Number })
/** Only for computed figures. */
export const float = customType<{ data: number; driverData: number | string }>({
  dataType: () => 'double precision',
  fromDriver: Number,
})
/** `numeric[]`, read as canonical texts, never as floats. */
export const decimals = customType<{ data: readonly Decimal[]; driverData: string }>({
  dataType: () => 'numeric[]',
  fromDriver: readDecimals,
  toDriver: (list) => `{${list.join(',')}}`,
})
export const boolean = customType<{ data: boolean }>({ dataType: () => 'boolean' })

/** Columns of every table. */
export const common = () => ({
  source: text('source').notNull(),
  time: time('time').notNull(),
  receivedAt: time('received_at').notNull(),
  origin: text('origin').notNull(),
})

/** Columns of instruments that are traded on a market. */
export const ofMarket = () => ({
  mic: text('mic'),
  timezone: text('timezone'),
  assetClass: text('asset_class'),
  currency: text('currency'),
})

/** Columns of every table of instruments' records. */
export const ofInstrument = () => ({ coinId: text('coin_id').notNull(), ...common() })
