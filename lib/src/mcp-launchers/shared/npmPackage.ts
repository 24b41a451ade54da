import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage, QiError } from '../../base/types/index.ts'
import type { LauncherContext, Precondition } from './launcher.ts'

/** A server from the npm registry, pinned with all its dependencies, in its own folder. */
export interface NpmServer {
  readonly folder: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly overrides?: Readonly<Record<string, string>>
  /** Without optional dependencies; what is wanted of them stands among the dependencies. */
  readonly lean?: boolean
  /** The lock file, beside the launcher: every package that it pulls in, by version and checksum. `npm run mcp-locks` regenerates it. */
  readonly lock: string
}

export const folderOf = ({ folder }: NpmServer, { serversFolder }: Pick<LauncherContext, 'serversFolder'>): string =>
  join(serversFolder, folder)

export const manifestOf = ({ folder, dependencies, overrides }: NpmServer): string =>
  `${JSON.stringify({ name: `qicore-mcp-${folder}`, version: '1.0.0', private: true, dependencies, ...(overrides && { overrides }) }, null, 2)}\n`

/** True if it is installed in the pinned versions. */
export async function installed(server: NpmServer, context: Pick<LauncherContext, 'serversFolder'>): Promise<Precondition> {
  const folder = folderOf(server, context)
  const remedy = `qicore mcp install ${server.folder}`
  for (const [name, wanted] of Object.entries(server.dependencies)) {
    const file = join(folder, 'node_modules', name, 'package.json')
    if (!existsSync(file)) return { name, ok: false, summary: `${name} is not installed`, remedy }
    const { version } = JSON.parse(await readFile(file, 'utf8')) as { version: string }
    if (version !== wanted) return { name, ok: false, summary: `${name} is ${version}, ${wanted} is wanted`, remedy }
  }
  const names = Object.entries(server.dependencies).map(([name, version]) => `${name} ${version}`)
  return { name: 'package', ok: true, summary: `${names.join(', ')} installed` }
}

/** From the lock file alone, and without running any script of a package. @throws QiError UNAVAILABLE with npm's last lines */
export async function installNpm(
  server: NpmServer,
  context: Pick<LauncherContext, 'serversFolder' | 'env' | 'signal'>,
): Promise<void> {
  const folder = folderOf(server, context)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), manifestOf(server))
  await copyFile(server.lock, join(folder, 'package-lock.json'))
  const lean = server.lean ? ['--omit=optional'] : []
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...lean]
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const { signal } = context
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  execFile(npm, args, { cwd: folder, env: context.env as NodeJS.ProcessEnv, signal }, (error, _stdout, stderr) => {
    if (!error) return resolve()
    if (signal?.aborted) return reject(new QiError('CANCELLED', 'interrupted', { cause: error }))
    const lines = stderr.trim().split('\n').slice(-5).join('; ') || errorMessage(error)
    reject(new QiError('UNAVAILABLE', `npm could not install the MCP server into ${folder}: ${lines}`, { cause: error }))
  })
  await promise
}
