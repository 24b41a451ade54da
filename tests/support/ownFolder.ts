import { spawn } from 'node:child_process'
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * For programs outside of a test run: everything temporary goes to a folder of their own. However the program ends, the
 * keeper stops what still works in the folder, and removes it.
 */
export async function ownFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `qicore-${name}-run-`))
  await chmod(folder, 0o755) // the PostgreSQL user has to get in
  process.env.TMPDIR = folder
  spawn(process.execPath, [join(import.meta.dirname, 'run/keeper.ts'), folder], {
    cwd: join(folder, '..'),
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  }).unref()
  return folder
}
