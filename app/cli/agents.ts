import type { Store } from '../../lib/src/base/database/index.ts'
import type { AgentHost } from '../../lib/src/streaming/platform/index.ts'
import { CryptoDataPlatform } from '../../lib/src/streaming/platform/index.ts'
import { loggerOf } from './logging.ts'
import type { Session } from './session.ts'

/** Opens a platform without sources and pipelines for one command, and passes the host of its agents to `work`. */
export async function withAgents<T>(
  session: Session,
  { observing }: { readonly observing: boolean },
  work: (host: AgentHost, store: Store) => Promise<T>,
): Promise<T> {
  const { config } = await session.load()
  const onNotice = (line: string) => void session.remark(line)
  await using platform = new CryptoDataPlatform({ config, logger: loggerOf(session), onNotice, role: 'command' })
  await platform.initialize(session.signal)
  return await work(await platform.openAgents({ observing }), platform.store)
}
