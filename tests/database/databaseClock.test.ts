import { expect, it } from 'vitest'
import { DatabaseClock } from '../../lib/src/base/database/index.ts'
import { decimal, type Micros, nowMicros, ohlcv, price, type Trade } from '../../lib/src/base/types/index.ts'
import { aBar, aPrice, MINUTE, MONDAY } from './records.ts'
import { testStore } from './testStore.ts'

const SECOND = 1_000_000

/** A machine and a database whose clocks are set by hand; each answer of the database takes a second. */
function clocks(offset: Micros) {
  const machine = { day: MONDAY, monotonic: 0 }
  const database = { offset, up: true, asked: 0 }
  const pass = (micros: Micros) => {
    machine.day += micros
    machine.monotonic += micros / 1000
  }
  const ask = async () => {
    database.asked += 1
    await null
    if (!database.up) throw new Error('down')
    pass(SECOND / 2)
    const told = machine.day + database.offset
    pass(SECOND / 2)
    return told
  }
  const clock = new DatabaseClock(ask, { now: () => machine.day, monotonic: () => machine.monotonic })
  return { machine, database, pass, clock, difference: () => clock.now() - machine.day }
}

it('is the machine’s until the database answers, then the database’s, and is measured again regularly', async () => {
  const { clock, database, pass, difference } = clocks(7 * MINUTE)
  database.up = false
  expect(difference()).toBe(0)
  await clock.measure()
  database.up = true
  pass(2 * SECOND)
  expect(difference()).toBe(0)
  expect(database.asked).toBe(1)
  await clock.measure()
  expect(difference()).toBe(7 * MINUTE)
  database.offset = 2 * MINUTE
  expect(difference()).toBe(7 * MINUTE)
  pass(61 * SECOND)
  expect(difference()).toBe(7 * MINUTE)
  await clock.measure() // waits for the measurement that now() has started
  expect(difference()).toBe(2 * MINUTE)
})

it.each([-120, 120])(
  'setting the machine’s clock by %i minutes makes no record look like one from the future',
  async (minutes) => {
    const { clock, machine, database, pass } = clocks(0)
    await clock.measure()
    pass(10 * SECOND)
    const before = machine.day
    machine.day += minutes * MINUTE
    // Until the next measurement the later of both clocks counts.
    expect(clock.now()).toBe(Math.max(before, machine.day))
    expect(database.asked).toBe(2)
    await clock.measure()
    expect(clock.now()).toBe(machine.day)
  },
)

const store = await testStore()
const ahead = (minutes: number) => nowMicros() + minutes * MINUTE

it('a real server’s time is close to the local one', () => {
  expect(Math.abs(store.clock.now() - nowMicros())).toBeLessThan(10 * SECOND)
})

it('records from the future that come without the stream are refused, each alone', async () => {
  const records = [
    aPrice({ coinId: 'f1' }),
    aPrice({ coinId: 'f2', time: ahead(10) }),
    aPrice({ coinId: 'f3', receivedAt: ahead(10) }),
  ]
  const { written, failed } = await store.dsl.storePrices([...records, aPrice({ coinId: 'f4', time: ahead(4) })])
  expect(written).toBe(2)
  expect(failed.map(({ index, error }) => [index, error.code, error.field])).toEqual([
    [1, 'BAD_DATA', 'time'],
    [2, 'BAD_DATA', 'received_at'],
  ])
  await expect(store.drizzle.insert(price, aPrice({ time: ahead(10) }))).rejects.toMatchObject({
    code: 'BAD_DATA',
    field: 'time',
  })
})

it('a bar marked final before its end is stored as open, on every way of writing', async () => {
  const early = (coinId: string) => aBar({ coinId, receivedAt: MONDAY + MINUTE - 1 })
  await store.dsl.storeOHLCV([early('one'), aBar({ coinId: 'over', receivedAt: MONDAY + MINUTE })])
  await store.drizzle.insert(ohlcv, early('two'))
  const { rows } = await store.pool.query(
    "select coin_id, is_final from ohlcv_data where coin_id in ('one', 'two', 'over') order by 1",
  )
  expect(rows.map((row) => [row.coin_id, row.is_final])).toEqual([
    ['one', false],
    ['over', true],
    ['two', false],
  ])
})

it('trades without a sequence keep the order in which they are stored', async () => {
  const trades = ['c', 'a', 'b'].map(
    (tradeId, i): Trade => ({ ...aPrice({ price: `${i + 1}`, coinId: 'arrived' }), tradeId, side: 'buy', amount: decimal('1') }),
  )
  for (const one of trades.slice(0, 2)) await store.dsl.storeTrades([one])
  await store.dsl.storeTrades(trades.slice(2))
  const [bar] = (await store.dsl.getOHLCV({ coin: 'arrived', timeframe: '1m' })).candles
  expect([bar?.open, bar?.close]).toEqual(['1', '3'])
})
