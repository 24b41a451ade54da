import { silentLogger } from '../../../lib/src/base/index.ts'
import { launchers } from '../../../lib/src/mcp-launchers/index.ts'
import { launcherContext } from '../../../lib/src/streaming/platform/index.ts'
import type { Session } from '../session.ts'
import { printTable } from '../text/table.ts'

export async function run(session: Session): Promise<undefined> {
  const { config } = await session.load()
  // The store is there whenever the platform runs: an embedded one is not started to answer this.
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
  await printTable(
    session.out,
    [
      { title: 'server', cell: (row) => row.name },
      { title: 'ready', cell: (row) => (row.ready ? 'yes' : 'no') },
      { title: 'started', cell: (row) => (row.named ? 'yes' : 'no') },
      { title: 'what is missing', cell: (row) => row.missing.join('; ') },
    ],
    rows,
  )
}
