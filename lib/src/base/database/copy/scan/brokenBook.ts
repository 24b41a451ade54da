import type { RecordField } from '../../../types/index.ts'
import type { ScanCursor } from './cursor.ts'
import { compareNumerics, firstElement, nextElement, writtenCount } from './decimals.ts'

/** Field numbers of the sides of an order book. */
interface Places {
  readonly levels: number
  readonly bids: number
  readonly bidSizes: number
  readonly asks: number
  readonly askSizes: number
}

/** The field numbers for order books; undefined for other record types. */
export function bookPlaces(fields: readonly RecordField[]): Places | undefined {
  const place = (name: string) => fields.findIndex((field) => field.name === name)
  const places = {
    levels: place('levels'),
    bids: place('bids'),
    bidSizes: place('bid_sizes'),
    asks: place('asks'),
    askSizes: place('ask_sizes'),
  }
  return Object.values(places).includes(-1) ? undefined : places
}

/** True if a scanned book breaks the rule of its record type; the slow way then words it. */
export function isBrokenBook({ view }: ScanCursor, starts: Int32Array, places: Places): boolean {
  const start = (place: number) => starts[place] as number
  const levels = start(places.levels) + 4
  const most = view.getInt32(levels) * 0x1_0000_0000 + view.getUint32(levels + 4)
  const [bids, asks] = [start(places.bids), start(places.asks)]
  const [wanted, offered] = [writtenCount(view, bids), writtenCount(view, asks)]
  if (wanted + offered === 0 || wanted > most || offered > most) return true
  if (wanted !== writtenCount(view, start(places.bidSizes)) || offered !== writtenCount(view, start(places.askSizes))) return true
  if (!isOrdered(view, bids, wanted, -1) || !isOrdered(view, asks, offered, 1)) return true
  return wanted > 0 && offered > 0 && compareNumerics(view, firstElement(bids), firstElement(asks)) >= 0
}

/** @param order 1: ascending; -1: descending */
function isOrdered(view: DataView, field: number, count: number, order: 1 | -1): boolean {
  let element = firstElement(field)
  for (let i = 1; i < count; i++) {
    const next = nextElement(view, element)
    if (compareNumerics(view, next, element) * order <= 0) return false
    element = next
  }
  return true
}
