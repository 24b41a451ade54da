import {
  decimal,
  type ExactJson,
  type Micros,
  type Observation,
  observation,
  parseTime,
  QiError,
} from '../../../base/types/index.ts'
import { Collector, type Parsed, type Seen } from '../shared/collect.ts'
import { arrayOf, integerOf, objectOf, textOf } from '../shared/json.ts'

/** Metadata of a series, as FRED words it. */
export interface FredSeries {
  readonly id: string
  readonly title: string
  readonly units: string
  /** When FRED last changed it, in FRED's own notation. */
  readonly lastUpdated: string
}

export interface Page extends Parsed<Observation> {
  /** Rows of all pages together. */
  readonly count: number
  /** Rows of this page, also refused ones. */
  readonly rows: number
}

/** FRED's mark of a figure that is missing. */
const MISSING = '.'

/** `{"seriess":[{"id":"GDP","title":"…","units":"…","last_updated":"…"}]}`. @throws QiError BAD_DATA for another shape */
export function parseSeries(body: ExactJson): FredSeries {
  const [first] = arrayOf(objectOf(body, 'the answer').seriess, 'seriess')
  const { id, title, units, last_updated } = objectOf(first, 'the series')
  return {
    id: textOf(id, 'id'),
    title: textOf(title, 'title'),
    units: textOf(units, 'units'),
    lastUpdated: textOf(last_updated, 'last_updated'),
  }
}

/** `{"count":1,"observations":[{"realtime_start":"…","date":"…","value":"1065.9"}]}`. @throws QiError BAD_DATA for another shape */
export function parseObservations(body: ExactJson, { id, units }: FredSeries, seen: Seen): Page {
  const { count, observations } = objectOf(body, 'the answer')
  const rows = arrayOf(observations, 'observations')
  const out = new Collector<Observation>(observation)
  for (const [i, row] of rows.entries())
    out.add(`observations.${i}`, row, () => {
      const { date, realtime_start, value } = objectOf(row, 'the observation')
      const text = textOf(value, 'value')
      const vintage = textOf(realtime_start, 'realtime_start')
      dayOf(vintage, 'realtime_start')
      return {
        ...seen,
        coinId: id,
        time: dayOf(textOf(date, 'date'), 'date'),
        realtimeStart: vintage,
        units,
        ...(text !== MISSING && { value: decimal(text) }),
      }
    })
  return { ...out.done(), count: integerOf(count, 'count'), rows: rows.length }
}

function dayOf(text: string, what: string): Micros {
  if (!/^\d{4}-\d\d-\d\d$/.test(text))
    throw new QiError('BAD_DATA', `${what} is "${text.slice(0, 20)}", expected a date such as 2026-01-30`)
  return parseTime(`${text}T00:00:00Z`)
}
