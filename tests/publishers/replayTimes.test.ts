import { afterEach, expect, test } from 'vitest'
import { formatTime } from '../../lib/src/base/types/index.ts'
import { readInteraction } from '../../lib/src/streaming/platform/sources/interactions.ts'
import { collect, folderOf, sourceOf } from './replaying.ts'

const BARS = { source: 'venue', coin_id: 'a', currency: 'usd', timeframe: '1m' }
const zone = process.env.TZ
afterEach(() => {
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
})

const UNITS = `time,open,high,low,close,volume
1735689540000,4.1,4.3,4.05,4.2,12.5
1735689600000000,4.2,4.25,4.15,4.16,3.25
`

test('a time count in another unit than configured is refused with file and line', async () => {
  const path = folderOf({ 'bars.csv': UNITS })
  const { records, rejected } = await collect(sourceOf({ path, record: 'ohlcv', constants: BARS, time_format: 'microseconds' }))
  expect(records.map(({ time }) => formatTime(time as number))).toEqual(['2025-01-01T00:00:00Z'])
  expect(rejected.map(({ reason }) => reason)).toEqual([
    'bars.csv:2: time "1735689540000" microseconds since 1970 is no time between 1971 and 2255; it looks like milliseconds',
  ])
})

test('epoch detects the unit by the size of each count', async () => {
  const path = folderOf({ 'bars.csv': UNITS })
  const { records, rejected } = await collect(sourceOf({ path, record: 'ohlcv', constants: BARS, time_format: 'epoch' }))
  expect(rejected).toEqual([])
  expect(records.map(({ time }) => formatTime(time as number))).toEqual(['2024-12-31T23:59:00Z', '2025-01-01T00:00:00Z'])
})

test.each(['America/New_York', 'UTC'])(
  'recorded answers under %s: no zone is UTC, microseconds are kept, the rest is refused',
  async (tz) => {
    process.env.TZ = tz
    const answer = (recorded_at: string, coin: string, price: number) =>
      JSON.stringify({
        recorded_at,
        request: { method: 'GET', url: `https://api.coingecko.com/api/v3/simple/price?ids=${coin}&vs_currencies=usd` },
        response: { status: 200, headers: {}, body: JSON.stringify({ [coin]: { usd: price } }) },
      })
    const text = [
      answer('2021-05-15 15:10:00', 'bitcoin', 49007),
      answer('2021-05-15T15:10:00.123456Z', 'ethereum', 3000),
      answer('05/06/2021', 'x', 1),
      answer('7', 'x', 1),
    ].join('\n')
    const path = folderOf({ 'answers.ndjson': text })
    const { records, rejected } = await collect(sourceOf({ path, format: 'interactions' }, readInteraction))
    expect(records.map(({ coinId, receivedAt }) => [coinId, formatTime(receivedAt as number)])).toEqual([
      ['bitcoin', '2021-05-15T15:10:00Z'],
      ['ethereum', '2021-05-15T15:10:00.123456Z'],
    ])
    expect(rejected.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^answers\.ndjson:3: recorded_at: "05\/06\/2021" is not a time/),
      expect.stringMatching(/^answers\.ndjson:4: recorded_at: "7" is not a time/),
    ])
  },
)

test('NDJSON records of other programs: times without a zone, or counted', async () => {
  const line = (time: unknown) => JSON.stringify({ source: 'f', coin_id: 'a', currency: 'usd', price: '1', time })
  const read = async (times: readonly unknown[], time_format: string) => {
    const path = folderOf({ 'price.ndjson': times.map(line).join('\n') })
    const { records, rejected } = await collect(sourceOf({ path, time_format }))
    return [records.map(({ time }) => formatTime(time as number)), rejected.map(({ reason }) => reason)]
  }
  expect(await read(['2024-01-01 10:00:00', '2024-01-01', '01/02/2024'], 'iso')).toEqual([
    ['2024-01-01T10:00:00Z', '2024-01-01T00:00:00Z'],
    [expect.stringContaining('price.ndjson:3: time "01/02/2024" is not a time')],
  ])
  expect(await read([1_704_067_200, '1704067200123', 7], 'epoch')).toEqual([
    ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00.123Z'],
    [expect.stringContaining('price.ndjson:3: time "7" is not a time between 1971 and 2255')],
  ])
})
