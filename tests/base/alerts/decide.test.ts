import { describe, expect, test } from 'vitest'
import { decide } from '../../../lib/src/base/alerts/decide.ts'
import type { RuleResult } from '../../../lib/src/base/alerts/index.ts'
import { type Alert, decimal, type Micros } from '../../../lib/src/base/types/index.ts'

const NOW = 1_800_000_000_000_000
const always = () => true
const judged = (more: Partial<RuleResult> = {}): RuleResult => ({
  name: 'above 1',
  coinId: 'acorn',
  source: 'grove',
  currency: 'usd',
  severity: 'warning',
  origin: 'live',
  value: decimal('1.5'),
  message: 'acorn is at 1.5 usd, above 1',
  asOf: NOW - 60_000_000,
  holds: true,
  ...more,
})
const look = (
  all: readonly RuleResult[],
  active: readonly Alert[],
  now: Micros = NOW,
  covers: (alert: Alert) => boolean = always,
) => decide({ raisedBy: 'watcher', judged: all, covers }, active, now)

describe('an alert', () => {
  test('is raised once, at the moment of the decision, with the time of its data', () => {
    const { raised, active } = look([judged()], [])
    expect(raised).toMatchObject([{ raisedBy: 'watcher', time: NOW, receivedAt: NOW, asOf: NOW - 60_000_000, value: '1.5' }])
    expect(active).toEqual(raised)
    expect(look([judged({ asOf: NOW })], active, NOW + 1)).toEqual({ raised: [], cleared: [], active })
    expect(look([judged(), judged()], []).raised).toHaveLength(1)
  })

  test('clears by the data of the same candle, and can be raised a second time within it', () => {
    const first = look([judged()], [])
    const over = look([judged({ holds: false })], first.active, NOW + 10)
    expect(over).toMatchObject({ raised: [], active: [], cleared: [{ time: NOW, clearedAt: NOW + 10, receivedAt: NOW + 10 }] })
    expect(look([judged()], over.active, NOW + 20).raised).toMatchObject([{ time: NOW + 20 }])
  })

  test('is not cleared by older data, nor by a rule that could not be evaluated', () => {
    const { active } = look([judged()], [])
    expect(look([judged({ holds: false, asOf: NOW - 61_000_000 })], active).active).toEqual(active)
    expect(look([], active)).toEqual({ raised: [], cleared: [], active })
  })

  test('is not cleared by another series, and ends when no rule covers it', () => {
    const { active } = look([judged()], [])
    const elsewhere = [judged({ source: 'other', holds: false }), judged({ coinId: 'beech', holds: false })]
    expect(look(elsewhere, active).active).toEqual(active)
    expect(look(elsewhere, active, NOW + 5, () => false)).toMatchObject({ active: [], cleared: [{ clearedAt: NOW + 5 }] })
  })

  test('clears after it was raised even if the clock was set back', () => {
    const { active } = look([judged()], [])
    const { cleared } = look([judged({ holds: false, asOf: NOW })], active, NOW - 1_000_000)
    expect(cleared).toMatchObject([{ time: NOW, clearedAt: NOW + 1, receivedAt: NOW + 1 }])
  })
})
