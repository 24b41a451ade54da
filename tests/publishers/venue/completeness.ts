import { expect } from 'vitest'
import type { Trade } from '../../../lib/src/base/types/index.ts'
import { until } from '../../support/until.ts'
import type { Running } from './collect.ts'
import type { FakeVenueProcess } from './fake/index.ts'

/** Waits for a connection and for a trade that was made after it. */
export async function live(venue: FakeVenueProcess, running: Running, sockets: number): Promise<void> {
  await until(async () => (await venue.state()).sockets === sockets, `${sockets} connections`)
  const before = running.trades.length
  await venue.order({ do: 'burst', trades: 1 })
  await until(() => running.trades.length > before, 'a trade')
}

export async function cuts(venue: FakeVenueProcess, running: Running, count: number, which: 'all' | 'one'): Promise<void> {
  await until(() => running.trades.length > 0 && running.outages.at(-1)?.ended, 'the first trade')
  for (let i = 0; i < count; i++) {
    const outages = running.outages.length
    await venue.order({ do: 'cut', which })
    await until(() => running.outages.length > outages && running.outages.at(-1)?.ended, 'the end of the outage')
    const before = running.trades.length
    await until(() => running.trades.length > before, 'a trade after the cut')
  }
}

/** Asserts that each instrument's trades came from the first that was received to the last that was made, each once. */
export async function complete(
  venue: FakeVenueProcess,
  running: Running,
  { ordered = true, instruments = 2 }: { readonly ordered?: boolean; readonly instruments?: number } = {},
): Promise<void> {
  const { trades } = await venue.state()
  const made = Object.values(trades).map(({ last }) => last)
  const bySymbol = () => Map.groupBy(running.trades, ({ coinId }) => coinId)
  await until(
    () => {
      const last = Array.from(bySymbol().values(), (some) => Math.max(...some.map(numberOf)))
      return last.length === instruments && last.every((id) => made.includes(id))
    },
    'the last trades',
    60_000,
  )
  for (const [coinId, some] of bySymbol()) {
    const ids = some.map(numberOf)
    const distinct = new Set(ids).size
    expect({ coinId, ids: ids.length, range: Math.max(...ids) - Math.min(...ids) + 1 }).toEqual({
      coinId,
      ids: distinct,
      range: distinct,
    })
    if (ordered) expect(ids).toEqual(ids.toSorted((a, b) => a - b))
  }
}

const numberOf = ({ tradeId }: Trade): number => Number(tradeId.match(/\d+$/)?.[0])
