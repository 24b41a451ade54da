import { readFile, stat } from 'node:fs/promises'
import { QiError } from '../../../types/index.ts'
import { type RunAs, run } from './run.ts'

/** User names to look for, in order; the last is created if neither exists. */
const NAMES = ['postgres', 'qicore'] as const

export const isRoot = (): boolean => process.geteuid?.() === 0

/**
 * The user that runs the server. PostgreSQL refuses to run as root, so as root it is the owner of the existing data folder, else the
 * machine's `postgres` user, else a new system user `qicore`.
 * @returns undefined if we are not root: the server runs as our own user
 * @throws QiError UNSUPPORTED if there is no such user and none can be created
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
    `PostgreSQL refuses to run as root, and there is no user "postgres" or "qicore", and none could be created (${made[0]?.output.trim()}); ` +
      'create one (useradd --system qicore), run as another user, or set DATABASE_URL',
  )
}

async function lookUp(name: string): Promise<RunAs | undefined> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const line = passwd.split('\n').find((entry) => entry.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid && gid ? { name, uid: Number(uid), gid: Number(gid) } : undefined
}

/** True if the user can enter a folder; tries it. */
export const canEnter = async (user: RunAs, folder: string): Promise<boolean> =>
  (await run('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { as: user })).code === 0
