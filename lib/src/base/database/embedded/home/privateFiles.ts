import { chmod, lstat, mkdir, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { QiError } from '../../../types/index.ts'
import { isRoot } from '../server/serviceUser.ts'

const OTHERS = 0o077

/**
 * Creates the data folder if it is missing, for its user alone. As root it can also be passed through, because the server then runs as
 * another user: others can open files whose name they know, and list none.
 */
export async function makeHome(home: string): Promise<void> {
  await mkdir(home, { recursive: true, mode: isRoot() ? 0o711 : 0o700 })
}

/**
 * The text of a file that only its user may read; empty if it is missing. A file that others could read is closed to them, with a
 * notice.
 * @throws QiError CONFIG_INVALID if it is not a regular file, or belongs to another user, who could read or change it
 */
export async function readPrivate(file: string, onNotice?: (line: string) => void): Promise<string> {
  const found = await lstat(file).catch(() => undefined)
  if (!found) return ''
  if (!found.isFile()) throw refused(file, 'is not a regular file')
  if (process.platform !== 'win32') {
    const { uid } = await stat(dirname(file))
    // Root may work in the home of another user.
    if (found.uid !== process.geteuid?.() && !(isRoot() && found.uid === uid))
      throw refused(file, `belongs to another user (uid ${found.uid})`)
    if (found.mode & OTHERS) {
      await chmod(file, 0o600)
      onNotice?.(
        `${file} could be read by other users of this machine and is closed to them now; if one of them may have, move it away and set a new password`,
      )
    }
  }
  return (await readFile(file, 'utf8')).trim()
}

const refused = (file: string, why: string): QiError =>
  new QiError('CONFIG_INVALID', `${file} ${why}: move it away, or make it a file of this user with mode 0600`)
