import { z } from 'zod'
import { type CheckResult, defineSink, type RecordType, type Sink, type Store } from '../../../base/index.ts'

/** The store of the platform as a sink: bulk upserts, per-record failures. */
export const timescaledb = defineSink({
  name: 'timescaledb',
  summary: "The platform's store: TimescaleDB or PostgreSQL",
  config: z.object({}),
  open: async (_config, { store }: { readonly store: Store }): Promise<Sink> => ({
    name: 'timescaledb',
    idempotent: true,
    accepts: (_type: RecordType) => true,
    write: (type, records, options) => store.timescale.upsert(type, records, options),
    check: (): Promise<CheckResult> => store.check(),
    // The store is the platform's: it is closed there.
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }),
})
