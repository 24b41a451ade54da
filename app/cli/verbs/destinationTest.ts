import { QiError, suggest } from '../../../lib/src/base/types/index.ts'
import { sinkDefinitions } from '../../../lib/src/consumers/index.ts'
import { destinationsOf } from '../../../lib/src/streaming/platform/index.ts'
import { audited } from '../audited.ts'
import { testDestination } from '../doctor/destinations.ts'
import { type Finding, within } from '../doctor/finding.ts'
import { show } from '../doctor/show.ts'
import { openStoreOf } from '../engines.ts'
import { EXIT } from '../exitCodes.ts'
import type { Session } from '../session.ts'

const ANSWER_MS = 60_000

/** @throws QiError NOT_FOUND for an unknown destination */
export async function run(session: Session, { name }: { readonly name: string }): Promise<number> {
  const loaded = await session.load()
  const all = destinationsOf(loaded.config, sinkDefinitions)
  const one = all.get(name)
  if (!one) throw new QiError('NOT_FOUND', `there is no destination "${name}"${suggest(name, [...all.keys()])}`)
  await using store = await openStoreOf(session, loaded)
  const send = (signal: AbortSignal) => testDestination(one, loaded.config, store, signal).then((finding) => [finding])
  const [finding] = (await audited(
    store,
    'destination test',
    { name },
    () => session.unlessInterrupted(within(`destination ${name}`, ANSWER_MS, send)),
    ([sent]) => (sent?.verdict === 'failed' ? new QiError('UNAVAILABLE', sent.summary) : undefined),
  )) as [Finding]
  const works = finding.verdict !== 'failed'
  if (session.json) await session.out.json({ ok: works, test: finding })
  else await show(session, finding)
  return works ? EXIT.ok : EXIT.failed
}
