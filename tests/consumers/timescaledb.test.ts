import { beforeAll, describe } from 'vitest'
import { openStore, type Store } from '../../lib/src/base/database/index.ts'
import { type RowSink, silentLogger } from '../../lib/src/base/types/index.ts'
import { timescaledb } from '../../lib/src/consumers/sinks/timescaledb/index.ts'
import { sinkSuite } from '../contracts/sinkSuite.ts'
import { createDatabase, onTimescale, suiteServer, type TestServer } from '../support/database.ts'
import { describeWith } from '../support/services.ts'

const ROW = `coin_id, source, currency, time, received_at, origin, trim_scale(price) as price`

function suiteOn(server: TestServer): void {
  describe(`on ${server}`, () => {
    let store: Store
    beforeAll(async () => {
      const database = await createDatabase(server)
      store = await openStore({ home: '.', databaseUrl: database.url })
      return async () => {
        await store.close()
        await database.drop()
      }
    })
    sinkSuite('timescaledb', {
      async open() {
        await store.pool.query('delete from crypto_prices')
        return (await timescaledb.open(
          {},
          { name: 'timescaledb', pipeline: 'timescaledb', store, logger: silentLogger, home: '.', signal: AbortSignal.any([]) },
        )) as RowSink
      },
      async prices() {
        const { rows } = await store.pool.query(`select ${ROW} from crypto_prices`)
        return rows.map((row) => JSON.stringify(row))
      },
    })
  })
}

suiteOn(suiteServer)
if (!onTimescale) describeWith('postgres', "Debian's PostgreSQL", () => suiteOn('postgres'))
