import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import {
  EPOCH_UNITS,
  epochMoment,
  formatTime,
  readHttpDate,
  readMoment,
  readRecordedAt,
  type TimeNotation,
} from '../../lib/src/base/types/index.ts'

const read = (text: string, notation?: TimeNotation): string => formatTime(readMoment(text, notation))
const refused = { code: 'BAD_DATA' }

const zone = process.env.TZ
afterEach(() => {
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
})

describe.each(['UTC', 'America/New_York', 'Asia/Kathmandu'])('on a machine in %s', (machine) => {
  it.each([
    ['2021-05-15 15:10:00', 'iso', '2021-05-15T15:10:00Z'],
    ['2021-05-15T15:10:00.123456Z', 'iso', '2021-05-15T15:10:00.123456Z'],
    ['2021-05-15T15:10', 'iso', '2021-05-15T15:10:00Z'],
    ['2021-05-15', 'iso', '2021-05-15T00:00:00Z'],
    ['2021-05-15 15:10:00 UTC', 'iso', '2021-05-15T15:10:00Z'],
    ['2021-05-15T15:10:00+05:45', 'iso', '2021-05-15T09:25:00Z'],
    ['2021-05-15T15:10:00.1234560000Z', 'iso', '2021-05-15T15:10:00.123456Z'],
    ['5.6.2021', 'd-m-y', '2021-06-05T00:00:00Z'],
    ['05/06/2021 07:08:09.5', 'd-m-y', '2021-06-05T07:08:09.5Z'],
    ['05/06/2021', 'm/d/y', '2021-05-06T00:00:00Z'],
  ] as const)('%s (%s) is %s', (text, notation, moment) => {
    process.env.TZ = machine
    expect(read(text, notation)).toBe(moment)
  })
})

it.each([
  '05/06/2021',
  '7',
  '20210515',
  '2021-02-30',
  '2021-05-15T15:10:00.1234567Z',
  '2021-05-15T15',
  'Sat May 15 2021',
  '1620504000',
  '2021-05-15T15:10:00 EST',
  '',
])('%j is no ISO time', (text) => expect(() => readMoment(text)).toThrow(expect.objectContaining(refused)))

describe('counts since 1970', () => {
  it.each([
    ['1735689540', 'seconds'],
    ['1735689540000', 'milliseconds'],
    ['1735689540000000', 'microseconds'],
    ['1735689540000000000', 'nanoseconds'],
  ] as const)('%s are %s, told apart by magnitude or named', (text, unit) => {
    expect(read(text, unit)).toBe('2024-12-31T23:59:00Z')
    expect(read(text, 'epoch')).toBe('2024-12-31T23:59:00Z')
  })

  it.each([
    ['1735689540.123456', 'seconds', '2024-12-31T23:59:00.123456Z'],
    ['1735689540123.456', 'milliseconds', '2024-12-31T23:59:00.123456Z'],
    ['1735689540123456789.0', 'nanoseconds', undefined],
    ['1735689540.1234567', 'seconds', undefined],
    ['1735689540000000.5', 'microseconds', undefined],
  ] as const)('%s %s keep all of their decimals or are refused', (text, unit, moment) => {
    if (moment) expect(read(text, unit)).toBe(moment)
    else expect(() => readMoment(text, unit)).toThrow(/finer than a microsecond/)
  })

  it('a count in another unit is refused, and the error names the likely unit', () => {
    expect(() => readMoment('1735689540000', 'microseconds')).toThrow(
      '"1735689540000" microseconds since 1970 is no time between 1971 and 2255; it looks like milliseconds',
    )
    expect(() => readMoment('1735689600000000', 'milliseconds')).toThrow(/it looks like microseconds/)
    expect(() => epochMoment(1_735_689_540_000, 'seconds')).toThrow(/it looks like milliseconds/)
    for (const text of ['7', '-1735689540', '1e9', '99999999999999999999', '0'])
      for (const unit of [...EPOCH_UNITS, 'epoch'] as const)
        expect(() => readMoment(text, unit)).toThrow(expect.objectContaining(refused))
  })

  it('no count is plausible in two units, and each is read exactly', () => {
    const moments = fc.integer({ min: 31_536_000_000_000, max: Number.MAX_SAFE_INTEGER })
    fc.assert(
      fc.property(moments, (micros) => {
        const whole = String(Math.floor(micros / 1e6))
        const texts = { seconds: `${whole}.${String(micros % 1e6).padStart(6, '0')}`, microseconds: String(micros) }
        for (const [unit, text] of Object.entries(texts)) {
          expect(readMoment(text, unit as 'seconds')).toBe(micros)
          expect(readMoment(text, 'epoch')).toBe(micros)
        }
        expect(readMoment(`${micros}000`, 'epoch')).toBe(micros)
        for (const unit of EPOCH_UNITS.filter((one) => one !== 'microseconds'))
          expect(() => readMoment(String(micros), unit)).toThrow(expect.objectContaining(refused))
      }),
      { examples: [[Number.MAX_SAFE_INTEGER]] },
    )
  })
})

it('the time of a recorded answer is ISO 8601 or the date of the answer, and nothing else', () => {
  expect(formatTime(readHttpDate('Sat, 15 May 2021 16:00:13 GMT'))).toBe('2021-05-15T16:00:13Z')
  expect(formatTime(readRecordedAt('Sat, 15 May 2021 16:00:13 GMT'))).toBe('2021-05-15T16:00:13Z')
  expect(formatTime(readRecordedAt('2021-05-15 15:10:00'))).toBe('2021-05-15T15:10:00Z')
  for (const bad of ['05/06/2021', '7', 'Sat, 31 Feb 2021 16:00:13 GMT', 'Sat, 15 Foo 2021 16:00:13 GMT', 'soon'])
    expect(() => readRecordedAt(bad)).toThrow(expect.objectContaining({ ...refused, field: 'recorded_at' }))
})
