import { type FoundInstrument, findQuery, foundWire, parseQuery } from '../../../lib/src/base/database/index.ts'
import { QiError, termsText } from '../../../lib/src/base/types/index.ts'
import { termsOf } from '../../../lib/src/streaming/platform/index.ts'
import { openReadsOf } from '../engines.ts'
import type { Session } from '../session.ts'
import { printCsv } from '../text/csv.ts'
import { type Column, printTable } from '../text/table.ts'

export type FindInput = Readonly<Record<string, string | boolean | undefined>> & { readonly text: string }

export async function run(session: Session, input: FindInput): Promise<undefined> {
  const query = parseQuery(findQuery, { ...input })
  const loaded = await session.load()
  await using store = await openReadsOf(session, loaded)
  const found = await session.unlessInterrupted(store.dsl.findInstruments(query))
  const terms = termsOf(
    loaded.config.sources,
    found.map((one) => one.source),
  )
  const rows = found.map((one) => {
    const of = terms[one.source]
    return { ...foundWire(one), ...(of && { terms: termsText(of) }) }
  })
  if (session.json) await session.out.json(rows)
  else if (session.csv) await printCsv(session.out, FIELDS, rows)
  else if (found.length > 0) {
    await printTable(session.out, columns, found)
    for (const [source, of] of Object.entries(terms)) await session.remark(`terms of ${source}: ${termsText(of)}`)
  }
  if (found.length === 0)
    throw new QiError('NOT_FOUND', `no instrument has "${query.text}" in its id, ticker or name: try a shorter part`, {
      field: 'text',
    })
  if (found.length === query.limit) await session.remark('there may be more: type more of the name, or raise --limit')
}

const FIELDS = [
  ...['coin_id', 'symbol', 'name', 'kind', 'asset_class', 'mic', 'currency', 'timezone'],
  ...['source', 'stored', 'rank', 'terms'],
]

const columns: readonly Column<FoundInstrument>[] = [
  { title: 'id', cell: (row) => row.coinId, style: () => 'bold' },
  { title: 'ticker', optional: true, cell: (row) => row.symbol?.toUpperCase() },
  { title: 'name', optional: true, cell: (row) => row.name },
  { title: 'kind', optional: true, cell: (row) => row.kind },
  { title: 'class', optional: true, cell: (row) => row.assetClass },
  { title: 'market', optional: true, cell: (row) => row.mic },
  { title: 'currency', optional: true, cell: (row) => row.currency },
  { title: 'source', cell: (row) => row.source },
  { title: 'rank', kind: 'right', optional: true, cell: (row) => row.rank?.toString() },
  { title: 'stored', cell: (row) => (row.stored ? 'yes' : 'no'), style: (row) => (row.stored ? 'green' : 'dim') },
]
