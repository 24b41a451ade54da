import type { McpServer } from '@modelcontextprotocol/server'
import type { ToolHandles } from '../../base/agent/index.ts'
import { dataHealthWire, latestPriceWire } from '../../base/database/index.ts'
import { instrument, recordTypes } from '../../base/types/index.ts'
import { provenanceOf } from '../answer/provenance.ts'
import { recordFacts } from '../shared/facts.ts'

type Handles = () => Promise<ToolHandles>
type AddResource = (server: McpServer, handles: Handles) => void

const jsonResource =
  (
    name: string,
    uri: string,
    title: string,
    description: string,
    read: (handles: ToolHandles) => Promise<unknown>,
  ): AddResource =>
  (server, handles) => {
    server.registerResource(name, uri, { title, description, mimeType: 'application/json' }, async ({ href }) => ({
      contents: [{ uri: href, mimeType: 'application/json', text: JSON.stringify(await read(await handles())) }],
    }))
  }

/** Most series in a resource, which is read as a whole. */
const MOST = 25
/** Most instruments in a resource. */
const MOST_LISTED = 100
const MORE = `only ${MOST} series are shown: the tools page through all`

export const resources: readonly AddResource[] = [
  jsonResource(
    'latest-market',
    'qicore://market/latest',
    'The market now',
    `The latest prices of up to ${MOST} series, as records on the wire.`,
    async ({ reads }) => {
      const readAt = Date.now()
      const { items, next } = await reads.dsl.getLatestPrices({ limit: MOST })
      const wires = items.map(latestPriceWire)
      const more = next !== undefined
      return { items: wires, more, provenance: provenanceOf(recordFacts(wires, more ? MORE : undefined), readAt) }
    },
  ),
  jsonResource(
    'instruments',
    'qicore://instruments',
    'Instruments',
    `Up to ${MOST_LISTED} instruments that the sources list, as records on the wire, and the terms of each source's provider.`,
    async ({ reads, platform }) => {
      const { items, next } = await reads.dsl.listInstruments({ limit: MOST_LISTED })
      const terms = platform.listSources().flatMap(({ name, terms: of }) => (of ? [[name, of] as const] : []))
      return { items: items.map((item) => instrument.toWire(item)), more: next !== undefined, terms: Object.fromEntries(terms) }
    },
  ),
  jsonResource(
    'schema',
    'qicore://schema',
    'Record types',
    'Each record type with its topic, table, primary key and fields.',
    async () =>
      Object.values(recordTypes).map(({ name, summary, topic, table, key, fields }) => ({
        name,
        summary,
        topic,
        table: table ?? null,
        primary_key: key,
        fields: Object.fromEntries(
          fields.map(({ name: field, kind, optional }) => [field, optional ? `${kind}, may be absent` : kind]),
        ),
      })),
  ),
  jsonResource(
    'data-health',
    'qicore://health/data',
    'Data health',
    `Of up to ${MOST} series: rows, age, missing bars, holes, and whether it is ok, stale or gappy.`,
    async ({ reads }) => {
      const readAt = Date.now()
      const health = dataHealthWire(await reads.dsl.getDataHealth({ limit: MOST }))
      const times = health.items.map(({ last }) => String(last))
      const missing = [health.next === undefined ? undefined : MORE]
      return { ...health, provenance: provenanceOf({ times, from: health.items, missing }, readAt) }
    },
  ),
]
