import { expect, it } from 'vitest'
import { openStore, storeStatistics } from '../../lib/src/base/database/index.ts'
import { price } from '../../lib/src/base/types/index.ts'
import { aPrice, MINUTE, MONDAY } from '../database/records.ts'
import { createDatabase } from '../support/database.ts'
import { describeWith } from '../support/services.ts'

const prices = (count: number) => Array.from({ length: count }, (_, i) => aPrice({ time: MONDAY + i * MINUTE }))

describeWith('timescaledb', 'statistics on TimescaleDB', () => {
  it('count chunks, and what compression saves', async () => {
    const database = await createDatabase('timescaledb')
    const store = await openStore({ databaseUrl: database.url, home: '/nowhere' })
    try {
      await store.timescale.upsert(price, prices(20_000))
      await store.timescale.policies.setCompression('crypto_prices', 30)
      await store.pool.query("select compress_chunk(c, true) from show_chunks('crypto_prices_rows') as c")
      const found = await storeStatistics(store)
      const [table] = found.tables.filter(({ table }) => table === 'crypto_prices')
      expect(found).toMatchObject({ layout: 'hypertables', timescale: expect.any(String) })
      expect(table).toMatchObject({ rows: 20_000, chunks: 3, compressAfterDays: 30, compression: { compressedChunks: 3 } })
      expect((table?.compression?.bytesBefore ?? 0) / (table?.compression?.bytesAfter ?? 1)).toBeGreaterThan(2)
    } finally {
      await store.close()
      await database.drop()
    }
  })
})
