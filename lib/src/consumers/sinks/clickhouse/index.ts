import { z } from 'zod'
import { tlsSettings } from '../../../base/networking/index.ts'
import { defineSink, parseDuration, quantityText, type RowSink } from '../../../base/types/index.ts'
import { ClickHouseSink } from './ClickHouseSink.ts'
import { serverOf } from './settings.ts'
import { Tables } from './Tables.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/

/** Stores records in tables of ClickHouse. */
export const clickhouse = defineSink({
  name: 'clickhouse',
  summary: 'Tables of ClickHouse, created and checked, with every digit; of rows with one key the same one stays as in the store',
  config: z.object({
    url: z
      .string()
      .regex(/^https?:\/\/./, 'give the HTTP interface: http://HOST:8123, or https://HOST:8443')
      .default('http://127.0.0.1:8123')
      .describe('the HTTP interface of the server'),
    database: z
      .string()
      .regex(NAME, 'give letters, digits and underscores')
      .default('default')
      .describe('the database, which must exist'),
    username: z.string().min(1).default('default').describe('the user'),
    password: z.string().default('').describe('its password').meta({ secret: true }),
    tls: tlsSettings(undefined, 'the server').prefault({}),
    table_prefix: z
      .string()
      .regex(/^([A-Za-z_][A-Za-z0-9_]{0,99})?$/, 'give letters, digits and underscores')
      .default('qicore_')
      .describe('prefix of the names of tables and views: PREFIXprice, PREFIXprice_final'),
    compression: z.boolean().default(false).describe('compress requests (gzip): takes more CPU here, and less of the network'),
    timeout: quantityText(parseDuration).default('30s').describe('most time for one answer'),
  }),
  open: async (settings, { name, logger }): Promise<RowSink> => {
    const server = await serverOf(name, settings)
    const tables = new Tables(server, { database: settings.database, prefix: settings.table_prefix, logger })
    return new ClickHouseSink(name, server, tables)
  },
})
