import { z } from 'zod'
import { defineSink, type RowSink } from '../../../base/index.ts'

/** The store of the platform as a sink: bulk upserts, per-record failures. */
export const timescaledb = defineSink({
  name: 'timescaledb',
  summary: "The platform's store: TimescaleDB or PostgreSQL",
  config: z.object({}),
  open: async (_config, { name, store }): Promise<RowSink> => ({
    name,
    delivery: 'upsert',
    accepts: () => true,
    write: (type, records, options) => store.timescale.upsert(type, records, options),
    writeEncoded: (type, batches, options) => store.timescale.upsertEncoded(type, batches, options),
    check: () => store.check(),
    // The store is the platform's: it is closed there.
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }),
})
