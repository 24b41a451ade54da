import { readFile, stat } from 'node:fs/promises'
import { QiError } from '../../types/index.ts'
import { type RunAs, run } from './run.ts'

/** Names to look for, in order; the last is made where neither is there. */
const NAMES = ['postgres', 'qicore'] as const

export const isRoot = (): boolean => process.geteuid?.() === 0

/**
 * Who runs the server. PostgreSQL refuses to run as root, so as root it is the owner of the existing data folder, else the
 * machine's `postgres` user, else a system user `qicore` that is made on the spot.
 * @returns undefined when we are not root: the server runs as we do
 * @throws QiError UNSUPPORTED when there is no such user and none can be made
 */
export async function serviceUser(dataFolder: string | undefined): Promise<RunAs | undefined> {
  if (!isRoot()) return undefined
  const owner = dataFolder === undefined ? undefined : await stat(dataFolder).catch(() => undefined)
  if (owner && owner.uid !== 0) return { name: `uid ${owner.uid}`, uid: owner.uid, gid: owner.gid }
  for (const name of NAMES) {
    const user = await lookUp(name)
    if (user) return user
  }
  const made = [
    await run('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', 'qicore']),
    await run('adduser', ['-S', '-H', '-D', 'qicore']), // Alpine
  ]
  const user = await lookUp('qicore')
  if (user) return user
  throw new QiError(
    'UNSUPPORTED',
    `PostgreSQL refuses to run as root, and neither a user "postgres" nor "qicore" is there or could be made (${made[0]?.output.trim()}); ` +
      'make one (useradd --system qicore), run as another user, or set DATABASE_URL',
  )
}

async function lookUp(name: string): Promise<RunAs | undefined> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const line = passwd.split('\n').find((entry) => entry.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid && gid ? { name, uid: Number(uid), gid: Number(gid) } : undefined
}

/** Whether the user can get into a folder, tried in earnest. */
export const canEnter = async (user: RunAs, folder: string): Promise<boolean> =>
  (await run('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { as: user })).code === 0
