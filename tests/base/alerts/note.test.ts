import { describe, expect, test } from 'vitest'
import { kindOf, note, type Subject } from '../../../lib/src/base/alerts/messages/subject.ts'
import { anAlert, NOW } from './anAlert.ts'

const MINUTE = 60_000_000
const moment = { now: NOW, maxAge: 60 * MINUTE, remind: undefined }
const noted = (records: Parameters<typeof note>[1][], known?: Subject) =>
  records.reduce<Subject | undefined>((state, alert) => note(state, alert, moment), known) as Subject
const raise = anAlert()
const clear = anAlert({ receivedAt: NOW + 5, clearedAt: NOW + 5 })

describe('the note about an alert', () => {
  test('says once that it was raised', () => {
    const raised = noted([raise])
    expect(raised).toMatchObject({ active: true, told: false, dueAt: NOW })
    expect(kindOf(raised)).toBe('raised')
    expect(noted([raise, raise], raised)).toBe(raised)
    const told = { ...raised, told: true, dueAt: undefined }
    expect(noted([raise], told)).toBe(told)
  })

  test('says once that it cleared', () => {
    const told = { ...noted([raise]), told: true, dueAt: undefined }
    const over = noted([clear], told)
    expect(over).toMatchObject({ active: false, told: true, dueAt: NOW })
    expect(kindOf(over)).toBe('cleared')
    expect(noted([raise, clear, raise], over)).toBe(over)
  })

  test('says that it was there if it was over before a note was sent; nothing if that is long ago', () => {
    const over = noted([raise, clear])
    expect(over).toMatchObject({ active: false, told: false, dueAt: NOW })
    expect(kindOf(over)).toBe('over')
    const ancient = anAlert({ time: NOW - 90 * MINUTE, receivedAt: NOW - 90 * MINUTE, clearedAt: NOW - 80 * MINUTE })
    expect(noted([ancient]).dueAt).toBeUndefined()
    expect(noted([anAlert({ time: NOW - 90 * MINUTE })])).toMatchObject({ active: true, dueAt: NOW })
  })

  test('is empty for an older alert that is repeated, and complete for the next one', () => {
    const done = { ...noted([raise, clear]), dueAt: undefined }
    expect(noted([raise], done)).toBe(done)
    const next = anAlert({ time: NOW + 10, receivedAt: NOW + 10 })
    expect(noted([next], done)).toMatchObject({ active: true, told: false, dueAt: NOW, alert: { time: NOW + 10 } })
  })

  test('is empty if it was raised again before the note that it cleared', () => {
    const told = { ...noted([raise]), told: true, dueAt: undefined }
    const again = noted([clear, anAlert({ time: NOW + 10, receivedAt: NOW + 10 })], told)
    expect(again).toMatchObject({ active: true, told: true, dueAt: undefined })
    expect(noted([anAlert({ time: NOW + 10, receivedAt: NOW + 20, clearedAt: NOW + 20 })], again)).toMatchObject({ dueAt: NOW })
  })
})
