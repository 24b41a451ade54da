import { silentLogger } from '../../../lib/src/base/types/index.ts'
import { launchers } from '../../../lib/src/mcp-launchers/index.ts'
import { launcherContext } from '../../../lib/src/streaming/platform/index.ts'
import type { Session } from '../session.ts'
import { printCsv } from '../text/csv.ts'
import { printTable } from '../text/table.ts'

export async function run(session: Session): Promise<undefined> {
  const { config } = await session.load()
  // An embedded store is not started for this check: it runs whenever the platform does.
  const context = launcherContext(config, silentLogger, config.database.url ?? 'postgres://embedded')
  const rows = await Promise.all(
    launchers.map(async ({ name, summary, preconditions }) => {
      const missing = (await preconditions(context)).filter(({ ok }) => !ok)
      return {
        name,
        summary,
        ready: missing.length === 0,
        named: config.mcp.servers.includes(name),
        missing: missing.map((each) => (each.remedy ? `${each.summary}: ${each.remedy}` : each.summary)),
      }
    }),
  )
  if (session.json) return void (await session.out.json(rows))
  if (session.csv) return void (await printCsv(session.out, ['name', 'summary', 'ready', 'named', 'missing'], rows))
  await printTable(
    session.out,
    [
      { title: 'server', cell: (row) => row.name },
      { title: 'ready', cell: (row) => (row.ready ? 'yes' : 'no') },
      { title: 'started', cell: (row) => (row.named ? 'yes' : 'no') },
      { title: 'missing', cell: (row) => row.missing.join('; ') },
    ],
    rows,
  )
}
