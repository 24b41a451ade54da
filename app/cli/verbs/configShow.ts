import type { Session } from '../session.ts'
import { effective, type ShownSetting } from '../settings.ts'
import { printCsv } from '../text/csv.ts'
import { printTable } from '../text/table.ts'

export async function run(session: Session, { set = false }: { readonly set?: boolean }): Promise<undefined> {
  const loaded = await session.load()
  const settings = effective(loaded).filter(({ from }) => !set || from !== 'default')
  const { out } = session
  if (session.json) return void (await out.json({ project: loaded.project, settings }))
  if (session.csv)
    return void (await printCsv(
      out,
      ['path', 'value', 'from', 'description'],
      settings.map((one) => ({ ...one })),
    ))
  await out.line(`project ${loaded.project}`)
  if (settings.length === 0) await session.remark('all settings have their defaults')
  else
    await printTable<ShownSetting>(
      out,
      [
        { title: 'setting', cell: ({ path }) => path },
        { title: 'value', cell: ({ value }) => shown(value), style: ({ from }) => (from === 'default' ? 'dim' : 'bold') },
        { title: 'from', cell: ({ from }) => from },
        { title: 'description', optional: true, cell: ({ description }) => description, style: () => 'dim' },
      ],
      settings,
    )
}

const shown = (value: unknown): string =>
  value === undefined
    ? '–'
    : Array.isArray(value)
      ? value.join(',')
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value)
