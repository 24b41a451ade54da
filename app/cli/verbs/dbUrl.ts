import { findPlatform } from '../claim/project.ts'
import { forOthers, openAccess } from '../psql/access.ts'
import type { Session } from '../session.ts'

export interface DbUrlInput {
  readonly admin?: boolean
}

export async function run(session: Session, { admin = false }: DbUrlInput): Promise<undefined> {
  const loaded = await session.load()
  await using access = await openAccess(session, loaded, admin)
  const { address, embedded } = access
  const url = forOthers(address.url)
  if (session.json) await session.out.json({ url, read_only: address.readOnly })
  else await session.out.line(url)
  if (session.out.isTerminal) await session.remark('This address has a password in it: anyone who has the address can connect.')
  if (embedded && !(await findPlatform(loaded.config.home)))
    await session.remark('The embedded server runs only while a command uses it, such as qicore up or qicore psql.')
}
