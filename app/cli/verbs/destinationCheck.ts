import { QiError, suggest } from '../../../lib/src/base/types/index.ts'
import { sinkDefinitions } from '../../../lib/src/consumers/index.ts'
import { destinationsOf } from '../../../lib/src/streaming/platform/index.ts'
import { checkDestination } from '../doctor/destinations.ts'
import { type Finding, within } from '../doctor/finding.ts'
import { show } from '../doctor/show.ts'
import { openStoreOf } from '../engines.ts'
import { EXIT } from '../exitCodes.ts'
import type { Session } from '../session.ts'

const ANSWER_MS = 30_000

/** @throws QiError NOT_FOUND for an unknown destination */
export async function run(session: Session, { name }: { readonly name?: string }): Promise<number> {
  const loaded = await session.load()
  const all = destinationsOf(loaded.config, sinkDefinitions)
  if (name !== undefined && !all.has(name))
    throw new QiError('NOT_FOUND', `there is no destination "${name}"${suggest(name, [...all.keys()])}`)
  const findings: Finding[] = []
  await using store = await openStoreOf(session, loaded)
  for (const one of all.values()) {
    if (name !== undefined && one.name !== name) continue
    const check = (signal: AbortSignal) => checkDestination(one, loaded.config, store, signal)
    for (const finding of await session.unlessInterrupted(within(`destination ${one.name}`, ANSWER_MS, check))) {
      findings.push(finding)
      if (!session.json) await show(session, finding)
    }
  }
  const works = findings.every(({ verdict }) => verdict !== 'failed')
  if (session.json) await session.out.json({ ok: works, checks: findings })
  return works ? EXIT.ok : EXIT.failed
}
