import { z } from 'zod'
import { defineSink, type RowSink } from '../../../base/types/index.ts'

/** The platform's store as a sink: bulk upserts with failures per record. Closing it leaves the store open. */
export const timescaledb = defineSink({
  name: 'timescaledb',
  summary: "The platform's store: TimescaleDB or PostgreSQL",
  config: z.object({}),
  open: async (_config, { name, store }): Promise<RowSink> => ({
    name,
    guarantee: 'upsert',
    accepts: () => true,
    write: (type, records, options) => store.timescale.upsert(type, records, options),
    writeEncoded: (type, batches, options) => store.timescale.upsertEncoded(type, batches, options),
    check: () => store.check(),
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }),
})
