import type { McpServer } from '@modelcontextprotocol/server'
import { dataHealthWire, latestPriceWire, recordTypes, type ToolHandles } from '../../base/index.ts'

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

/** Most series in a resource: one is read as a whole. */
const MOST = 25

export const resources: readonly AddResource[] = [
  jsonResource(
    'latest-market',
    'qicore://market/latest',
    'The market now',
    `The latest prices of up to ${MOST} series, as records on the wire.`,
    async ({ reads }) => {
      const { items, next } = await reads.dsl.getLatestPrices({ limit: MOST })
      return { items: items.map(latestPriceWire), more: next !== undefined }
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
    async ({ reads }) => dataHealthWire(await reads.dsl.getDataHealth({ limit: MOST })),
  ),
]
