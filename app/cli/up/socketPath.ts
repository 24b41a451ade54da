import { createHash } from 'node:crypto'
import { lstat, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { QiError } from '../../../lib/src/base/index.ts'

/** Longer names of sockets are refused by the systems' `sockaddr_un`. */
const MAX_SOCKET_NAME = 100

/**
 * Name of the socket by which the platform of a home is found: in the home, or where that name is too long in a folder that only this
 * user can write. In a shared folder somebody else could sit there first.
 * @throws QiError CONFIG_INVALID where there is no such folder
 */
export async function socketOf(home: string): Promise<string> {
  const hash = createHash('sha256').update(home).digest('hex').slice(0, 16)
  if (process.platform === 'win32') return `\\\\.\\pipe\\qicore-${hash}`
  const inHome = join(home, 'up.sock')
  return inHome.length <= MAX_SOCKET_NAME ? inHome : join(await privateFolder(), `qicore-${hash}.sock`)
}

async function privateFolder(): Promise<string> {
  const runtime = process.env.XDG_RUNTIME_DIR
  if (runtime && (await isPrivate(runtime))) return runtime
  const folder = join(tmpdir(), `qicore-${process.geteuid?.()}`)
  await mkdir(folder, { mode: 0o700 }).catch(() => {})
  if (await isPrivate(folder)) return folder
  throw new QiError(
    'CONFIG_INVALID',
    `${folder} must be a folder of this user with mode 0700: move it away, set XDG_RUNTIME_DIR to such a folder, or give the project a shorter --home`,
  )
}

/** A real folder that nobody else can enter. */
async function isPrivate(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined)
  return !!found?.isDirectory() && found.uid === process.geteuid?.() && (found.mode & 0o077) === 0
}

/** Whether a socket was made by this user; a name that is free is nobody's. */
export async function isOwnSocket(path: string): Promise<boolean> {
  if (process.platform === 'win32') return true
  const found = await lstat(path).catch(() => undefined)
  return !!found?.isSocket() && found.uid === process.geteuid?.()
}
