import { RateLimitLedger } from '../../../lib/src/base/database/index.ts'
import { QiError, suggest } from '../../../lib/src/base/types/index.ts'
import { audited } from '../audited.ts'
import { openStoreOf } from '../engines.ts'
import type { Session } from '../session.ts'

export interface LimitsClearInput {
  readonly name?: string
}

export async function run(session: Session, { name }: LimitsClearInput): Promise<undefined> {
  const loaded = await session.load()
  await using store = await openStoreOf(session, loaded)
  const ledger = new RateLimitLedger(store.pool)
  const known = [...new Set((await session.unlessInterrupted(ledger.list())).map(({ service }) => service))]
  if (name !== undefined && !known.some((service) => service.toLowerCase() === name.toLowerCase()))
    throw new QiError('NOT_FOUND', `there is no rate limit of "${name}"${suggest(name, known)}; qicore limits lists them`)
  const cleared = await audited(store, 'limits clear', { name: name ?? 'all' }, () =>
    session.unlessInterrupted(ledger.clear(name)),
  )
  if (session.json) return void (await session.out.json({ cleared }))
  await session.out.line(cleared.length > 0 ? `penalty ended: ${cleared.join(', ')}` : 'there was no penalty')
}
