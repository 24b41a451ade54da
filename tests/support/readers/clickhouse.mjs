// Reads files with the engine of ClickHouse: `clickhouse.mjs CHDB`, the jobs as JSON on standard input, their rows on standard output.
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'

const { query } = createRequire(import.meta.url)(process.argv[2])
const FORMATS = { ndjson: 'JSONEachRow', json: 'JSONEachRow', csv: 'CSVWithNames', parquet: 'Parquet' }
/** Text formats say no types: figures and times stay the texts that they are. */
const TYPES = { integer: 'Nullable(Int64)', float: 'Nullable(Float64)', boolean: 'Nullable(Bool)' }
const SETTINGS =
  "settings output_format_json_quote_64bit_integers = 1, output_format_json_quote_decimals = 1, date_time_output_format = 'iso'"

const quoted = (value) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

function rowsOf({ fields, format, files }) {
  const structure = fields.map(({ name, kind }) => `\`${name}\` ${TYPES[kind] ?? 'Nullable(String)'}`).join(', ')
  const given = format === 'parquet' ? '' : `, ${quoted(structure)}`
  return files.flatMap((path) =>
    query(`select * from file(${quoted(path)}, ${FORMATS[format]}${given}) ${SETTINGS}`, 'JSONEachRow')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => textsOf(fields, JSON.parse(line))),
  )
}

/** By name and without what is missing; times in microseconds. */
const textsOf = (fields, row) =>
  Object.fromEntries(
    fields.flatMap(({ name, kind }) => {
      if (kind === 'decimals') return [[name, figuresOf(row[name], row[`${name}_exact`])]]
      const value = row[name] ?? row[`${name}_exact`]
      if (value === null || value === undefined) return []
      return [[name, kind === 'time' ? microsOf(value) : String(value)]]
    }),
  )

/** A list is JSON in text formats. In Parquet an absent list is read as an empty one. */
function figuresOf(list, exact) {
  const figures = exact?.length > 0 ? exact : list
  return String(typeof figures === 'string' ? JSON.parse(figures) : figures)
}

/** `2026-01-05T00:01:00.333333Z`, with or without decimals. */
function microsOf(time) {
  const [, seconds, fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(time)
  return String(BigInt(Date.parse(`${seconds}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0')))
}

process.stdout.write(JSON.stringify(JSON.parse(await text(process.stdin)).map(rowsOf)))
