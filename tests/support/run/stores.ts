import { globSync, readFileSync } from 'node:fs'

/** A superuser's, to any database of the server. */
export const timescaleUrl = (): string | undefined => process.env.TIMESCALE_URL || undefined

/** The store's main suites, which run over TLS as an ordinary role too. */
export const TLS_SUITES = [
  'tests/database/{candles,coverage,coverageReading,dsl,foreignRows,lockedTable,migrate,policies,readStore,silence,upsert,upsertEncoded}.test.ts',
  'tests/database/readOnly/reader.test.ts',
  'tests/database/rollups/rollups.test.ts',
  'tests/streaming/embedded/{contract,groups,append}.test.ts',
]

/** A suite that asks for a database (support/database.ts) without saying of which server runs on every store that there is. */
const ASKS_FOR_ANY = /\b(?:testDatabase|createDatabase|testStore|platformDatabase)\(\)|\bsuiteServer\b/

/** The test files that say something of a store: those, and what only TimescaleDB has. */
export const databaseSuites = (): string[] =>
  globSync('tests/**/*.test.ts').filter(
    (file) => file.startsWith('tests/timescale/') || ASKS_FOR_ANY.test(readFileSync(file, 'utf8')),
  )
