import { ohlcv, type Timeframe } from '../../../types/index.ts'
import type { UnreadableRows } from '../../reading/UnreadableRows.ts'
import type { SeriesKey } from '../series.ts'
import { WHOLE } from './completeness.ts'
import { linesOf, type PackedBars, readBars } from './packedBars.ts'

const DAY_AND_CLOCK = '(\\d{4}-\\d\\d-\\d\\d) (\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,6})?)\\+00'
/** A decimal in its canonical form; any other takes the slow path. */
const FIGURE = '(0|-?(?:[1-9]\\d{0,39}|0(?=\\.))(?:\\.\\d{0,39}[1-9])?)'
const COUNT = '(0|[1-9]\\d{0,14})'
const WORD = '([a-z]+)'
/** Characters of a line outside the captured groups: spaces, zones and commas. */
const SEPARATORS = 2 * ' '.length + 2 * '+00'.length + 10

/** The completeness of stored bars, as JSON members. */
const WHOLE_JSON = JSON.stringify(WHOLE).slice(1, -1)

/** One pattern for each of the four shapes of a bar: with or without a volume, with or without a count of trades. */
const patterns = [false, true].map((volume) =>
  [false, true].map((count) => {
    const figures = [FIGURE, FIGURE, FIGURE, FIGURE, volume ? FIGURE : '()', count ? COUNT : '()']
    return new RegExp(`^${[DAY_AND_CLOCK, DAY_AND_CLOCK, WORD, ...figures, '(true|false)', WORD].join(',')}(?=,?$)`, 'gm')
  }),
)

/**
 * Packed bars as the JSON of a list without its brackets, equal to the encoding of the record type (a test compares the two).
 * One pass of a regular expression over all lines: records in between would cost twice as much as everything else.
 */
export function barsJson(unreadable: UnreadableRows, key: SeriesKey, timeframe: Timeframe, bars: PackedBars): string {
  if (bars.count === 0) return ''
  const values = bars.text.slice(0, bars.text.indexOf('\n') >>> 0).split(',')
  const [volume, count] = [values[7] !== '', values[8] !== '']
  const template = templateOf(key, timeframe, volume, count)
  const json = bars.text.replace(patterns[Number(volume)]?.[Number(count)] as RegExp, template)
  // A line that did not match keeps its length, so the total shows it.
  const grown = template.replaceAll('$$', '$').replaceAll(/\$\d\d/g, '').length - SEPARATORS
  if (json.length === bars.text.length + bars.count * grown) return json
  return readBars(unreadable, key, timeframe, linesOf(bars))
    .map((bar) => `${ohlcv.encode(bar).slice(0, -1)},${WHOLE_JSON}}`)
    .join(',\n')
}

function templateOf({ coinId, source, currency }: SeriesKey, timeframe: Timeframe, volume: boolean, count: boolean): string {
  const text = (value: string) => JSON.stringify(value).replaceAll('$', '$$$$')
  const times = '"time":"$01T$02Z","received_at":"$03T$04Z","origin":"$05"'
  const figures = `"open":"$06","high":"$07","low":"$08","close":"$09"${volume ? ',"volume":"$10"' : ''}${count ? ',"trade_count":$11' : ''}`
  return `{"coin_id":${text(coinId)},"source":${text(source)},${times},"currency":${text(currency)},"timeframe":"${timeframe}",${figures},"is_final":$12,"built_from":"$13",${WHOLE_JSON}}`
}
