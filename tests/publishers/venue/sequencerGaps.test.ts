import { expect, it } from 'vitest'
import type { Trade } from '../../../lib/src/base/types/index.ts'
import { type Gap, Sequencer } from '../../../lib/src/publishers/venue/Sequencer.ts'

const trade = (sequence: number): Trade => ({
  coinId: 'BTC/USD',
  source: 'venue',
  time: 1_700_000_000_000_000 + sequence,
  receivedAt: 1_700_000_001_000_000,
  origin: 'live',
  currency: 'USD',
  tradeId: String(sequence),
  side: 'buy',
  price: '1' as Trade['price'],
  amount: '1' as Trade['amount'],
  sequence,
})

function sequencer() {
  const emitted: number[] = []
  const gaps: Gap[] = []
  const made = new Sequencer({
    emit: (trades) => emitted.push(...trades.map(({ sequence }) => sequence as number)),
    onGap: (gap) => gaps.push(gap),
  })
  return { made, emitted, gaps }
}

it('keeps the order when a heartbeat opens a gap and live trades begin behind a second one', () => {
  const { made, emitted, gaps } = sequencer()
  made.take([trade(1)])
  made.tellLast('BTC/USD', 3, trade(3).time)
  made.take([trade(6)])
  const [first] = gaps as [Gap]
  made.filled([trade(2), trade(3)])
  // The end of the first fill must not give up the second gap, which its last trade opened.
  made.fillEnded(first)
  expect(gaps.map((gap) => [gap.first, gap.last])).toEqual([
    [2, 3],
    [4, 5],
  ])
  expect(emitted).toEqual([1, 2, 3])
  made.filled([trade(4), trade(5)])
  made.fillEnded(gaps[1] as Gap)
  expect(emitted).toEqual([1, 2, 3, 4, 5, 6])
})

it('still misses a gap whose first number alone came', () => {
  const { made, gaps } = sequencer()
  made.take([trade(1), trade(4)])
  made.take([trade(2)])
  const [gap] = gaps as [Gap]
  expect(made.isMissing(gap)).toBe(true)
  made.take([trade(3)])
  expect(made.isMissing(gap)).toBe(false)
})
