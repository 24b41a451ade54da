import { QiError, silentLogger } from '../../../lib/src/base/types/index.ts'
import { launcherNamed, launchers } from '../../../lib/src/mcp-launchers/index.ts'
import { launcherContext } from '../../../lib/src/streaming/platform/index.ts'
import type { Session } from '../session.ts'

export async function run(session: Session, { server }: { readonly server: string }): Promise<undefined> {
  const { config } = await session.load()
  const { name, install } = launcherNamed(server)
  if (!install) {
    const can = launchers.filter((launcher) => launcher.install).map((launcher) => launcher.name)
    throw new QiError(
      'BAD_REQUEST',
      `server: QiCore does not install ${name}; it installs ${can.join(', ')}. qicore mcp servers shows what ${name} needs`,
      {
        field: 'server',
      },
    )
  }
  const context = { ...launcherContext(config, silentLogger), signal: session.signal }
  await session.remark(`installing ${name} into ${context.serversFolder} …`)
  await install(context)
  if (session.json) await session.out.json({ installed: name, folder: context.serversFolder })
  else await session.out.line(`${name} is installed; name it in qicore.yaml: mcp: { servers: [${name}] }`)
}
