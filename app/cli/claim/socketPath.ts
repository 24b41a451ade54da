import { createHash } from 'node:crypto'
import { lstat, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { QiError } from '../../../lib/src/base/types/index.ts'

/** Longest name that every system's `sockaddr_un` takes. */
const MAX_SOCKET_NAME = 100

/**
 * Path of the socket by which other commands find the platform of a home.
 * @throws QiError as {@link socketAt}
 */
export const socketOf = (home: string): Promise<string> => socketAt(join(home, 'up.sock'), home)

/**
 * Path for a socket: the given one, or a name in a folder that only this user can write if the given one is too long. In a shared folder
 * another user could listen there first.
 * @param key text that the shorter name is made from
 * @throws QiError CONFIG_INVALID if there is no such folder
 */
export async function socketAt(path: string, key = path): Promise<string> {
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 16)
  if (process.platform === 'win32') return `\\\\.\\pipe\\qicore-${hash}`
  return path.length <= MAX_SOCKET_NAME ? path : join(await privateFolder(), `qicore-${hash}.sock`)
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

/** True for a real folder that no other user can enter. */
async function isPrivate(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined)
  return !!found?.isDirectory() && found.uid === process.geteuid?.() && (found.mode & 0o077) === 0
}

/** True if a socket exists and this user made it. */
export async function isOwnSocket(path: string): Promise<boolean> {
  if (process.platform === 'win32') return true
  const found = await lstat(path).catch(() => undefined)
  return !!found?.isSocket() && found.uid === process.geteuid?.()
}
