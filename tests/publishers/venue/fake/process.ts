import { binance } from './binance.ts'
import { bybit } from './bybit.ts'
import { coinbase } from './coinbase.ts'
import type { Dialect } from './dialect.ts'
import { FakeVenue, type Order } from './FakeVenue.ts'
import { kraken } from './kraken.ts'
import { okx } from './okx.ts'

/** Dialects by venue. */
export const DIALECTS: Readonly<Record<string, Dialect>> = { binance, bybit, coinbase, kraken, okx }

/** A message of the parent: an order, or a question for the state. */
export type Request = { readonly id: number } & ({ readonly order: Order } | { readonly state: true })

// Run as a process of its own: orders come from the parent, which ends it.
if (process.send) {
  const dialect = DIALECTS[process.argv[2] ?? '']
  if (!dialect) throw new Error(`no such venue: ${process.argv[2]}`)
  const venue = await FakeVenue.start(dialect)
  process.on('message', (request: Request) => {
    if ('order' in request) venue.order(request.order)
    process.send?.({ id: request.id, ...('state' in request && { state: venue.state }) })
  })
  process.on('disconnect', () => process.exit(0))
  process.send({ port: venue.port })
}
