import { recordTypes } from '../../../types/index.ts'

/** Record types that an agent computes or decides, and corporate actions: they do not make an instrument known. */
const COMPUTED = new Set(['indicator', 'alert', 'corporate_action'])

const MARKET_TYPES = Object.values(recordTypes)
  .filter(({ name, table, fields }) => table && !COMPUTED.has(name) && fields.some((field) => field.name === 'coin_id'))
  .map(({ name }) => `'${name}'`)
  .join(', ')

/** SQL: true for a series of market data of which something is stored. @param row alias of a row of the registry */
export const isStoredSeries = (row: string): string =>
  `${row}.type in (${MARKET_TYPES}) and ${row}.first is not null and ${row}.coin_id <> ''`
