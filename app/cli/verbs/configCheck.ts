import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { sinkDefinitions } from '../../../lib/src/consumers/index.ts'
import { destinationsOf } from '../../../lib/src/streaming/platform/index.ts'
import type { Session } from '../session.ts'
import { effective } from '../settings.ts'

export async function run(session: Session): Promise<undefined> {
  const loaded = await session.load()
  destinationsOf(loaded.config, sinkDefinitions)
  const set = effective(loaded).filter(({ from }) => from !== 'default')
  const file = join(loaded.project, 'qicore.yaml')
  const { out } = session
  if (session.json)
    return void (await out.json({ ok: true, project: loaded.project, file: existsSync(file) ? file : null, set: set.length }))
  const origins = [...new Set(set.map(({ from }) => from))]
  await out.line(
    `${out.style('green', '✔')} the settings are valid: ${set.length} set${origins.length ? ` (${origins.join(', ')})` : ''}, all else by default`,
  )
  if (!existsSync(file)) await session.remark(`there is no ${file}; it is not needed`)
}
