import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for a whole file, which others than its maker can read: servers run under a user of their own. */
export async function folderOf(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `qicore-${name}-`))
  await chmod(folder, 0o755)
  return folder
}
