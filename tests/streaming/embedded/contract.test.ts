import { afterAll, beforeAll, describe } from 'vitest'
import { openEmbeddedStream } from '../../../lib/src/streaming/embedded/index.ts'
import { streamSuite } from '../../contracts/streamSuite.ts'
import { createDatabase, onTimescale, suiteServer, type TestDatabase, type TestServer } from '../../support/database.ts'
import { describeWith } from '../../support/services.ts'

function suiteOn(server: TestServer): void {
  let database: TestDatabase | undefined
  beforeAll(async () => {
    database = await createDatabase(server)
  })
  afterAll(() => database?.drop())
  streamSuite(`embedded log in ${server}`, { open: () => openEmbeddedStream({ url: database?.url as string }) })
}

describe(`in ${suiteServer}`, () => suiteOn(suiteServer))
if (!onTimescale) describeWith('postgres', 'in the PostgreSQL of the machine', () => suiteOn('postgres'))
