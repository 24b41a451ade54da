import { z } from 'zod'
import { defineSink, type EncodedBatch, QiError, type RowSink } from '../../../lib/src/base/types/index.ts'

/** Values that the sinks of the type `bytes` hold, by the name of the destination. */
export const bytesOf = new Map<string, string[]>()

/** A row sink that takes records as bytes and keeps them in memory. It refuses coins that are named `refused`, once each. */
export const bytes = defineSink({
  name: 'bytes',
  summary: 'Keeps the bytes of records',
  config: z.object({}),
  open: async (_, { name }): Promise<RowSink> => {
    const held = bytesOf.get(name) ?? []
    bytesOf.set(name, held)
    const refused = new Set<string>()
    const isRefused = (key: string | null): boolean => {
      if (!key?.endsWith(':refused') || refused.has(key)) return false
      refused.add(key)
      return true
    }
    const take = (batches: readonly EncodedBatch[]) => {
      const all = batches.flatMap((batch) => Array.from({ length: batch.length }, (_, i) => [batch, i] as const))
      const failed = all.flatMap(([batch, i], index) =>
        isRefused(batch.keys[i] ?? null) ? [{ index, error: new QiError('BAD_DATA', 'this sink refuses it') }] : [],
      )
      const without = new Set(failed.map(({ index }) => index))
      for (const [index, [batch, i]] of all.entries()) if (!without.has(index)) held.push(Buffer.from(batch.value(i)).toString())
      return { written: all.length - failed.length, failed }
    }
    return {
      name,
      guarantee: 'at_least_once',
      accepts: () => true,
      write: async () => Promise.reject(new QiError('INTERNAL', 'it takes bytes alone')),
      writeEncoded: async (_, batches) => take(batches),
      check: async () => ({ ok: true, summary: 'it works' }),
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    }
  },
})
