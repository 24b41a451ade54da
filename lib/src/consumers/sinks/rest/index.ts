import { defineSink, parseSize, QiError, type RecordType, type RowSink } from '../../../base/types/index.ts'
import { type Entry, idOf, idOfAll } from '../shared/http/entries.ts'
import { HttpSink } from '../shared/http/HttpSink.ts'
import { HttpTarget, type Sent } from '../shared/http/HttpTarget.ts'
import { type RestSettings, restSettings } from './settings.ts'
import { fieldsIn, filled, filledUrl, type Values, valuesOf } from './template.ts'

/** Sends records to any JSON API. */
export const rest = defineSink({
  name: 'rest',
  summary:
    'Requests to a JSON API, with a body made of each record; at least once, with idempotency keys that a repeat does not change',
  config: restSettings,
  open: async (settings, { name, pipeline }): Promise<RowSink> => {
    const { url, body, headers, send, also_done: alsoDone } = settings
    const needed = [...new Set([...fieldsIn(url), ...fieldsIn(body ?? null)])]
    const target = new HttpTarget({ ...settings, url: bare(url), destination: name, secrets: Object.values(headers) })
    return new HttpSink({
      ...{ name, pipeline, target, alsoDone },
      inFlight: settings.in_flight,
      maxRecords: send === 'one' ? 1 : settings.max_records,
      maxBytes: parseSize(settings.max_bytes),
      accepts: () => true,
      request: (type, entries) => {
        requireFields(name, type, needed)
        return requestOf(settings, type, entries)
      },
    })
  },
})

/** The URL without placeholders, for checks. */
const bare = (url: string): string => url.replaceAll(/\{\{[^{}]*\}\}/g, '-')

function requestOf(settings: RestSettings, type: RecordType, entries: readonly Entry[]): Sent {
  const { method, body, headers, send, idempotency_header: idempotency } = settings
  const needsValues = body !== undefined || settings.url.includes('{{')
  const values = needsValues ? entries.map((entry) => valuesOf(type, idOf(entry), entry.value)) : []
  const texts =
    body === undefined ? entries.map(({ value }) => value) : values.map((of) => Buffer.from(JSON.stringify(filled(body, of))))
  return {
    method,
    url: filledUrl(settings.url, values[0] ?? NO_VALUES),
    headers: { 'content-type': 'application/json', ...lowerCased({ ...headers, [idempotency]: idOfAll(entries) }) },
    body: send === 'one' ? Buffer.from(texts[0] as Uint8Array) : listOf(texts),
  }
}

const NO_VALUES: Values = {}

/** Header names in lower case, so that a configured header replaces the default one. */
const lowerCased = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

function listOf(texts: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  const parts = texts.flatMap((text, i) => [Buffer.from(i === 0 ? '[' : ','), text])
  return Buffer.concat([...parts, Buffer.from(']')])
}

/** @throws QiError CONFIG_INVALID where the template has a field that the record type lacks */
function requireFields(name: string, type: RecordType, needed: readonly string[]): void {
  const missing = needed.find((field) => type.fields.every((one) => one.name !== field))
  if (missing === undefined) return
  throw new QiError(
    'CONFIG_INVALID',
    `destinations.${name}: {{${missing}}} is not a field of ${type.name}, which has ${type.fields.map((field) => field.name).join(', ')}: correct body or url, or leave ${type.name} out of its pipelines`,
  )
}
