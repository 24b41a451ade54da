import { randomUUID } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

/** On the file system of the data: a file that is complete is moved among them, and not copied. */
const folderIn = (root: string): string => join(root, '_qicore', 'scratch')

/** A folder for what a lane of this process has not sealed yet. */
export const scratchOf = (root: string): string => join(folderIn(root), `${hostname()}+${process.pid}+${randomUUID()}`)

/** Removes what processes of this machine have left that are no more: their records were not acknowledged, and come again. */
export async function sweep(root: string): Promise<void> {
  const names = await readdir(folderIn(root)).catch(() => [])
  for (const name of names) {
    const [host, pid] = name.split('+')
    if (host !== hostname() || isAlive(Number(pid))) continue
    await rm(join(folderIn(root), name), { recursive: true, force: true }).catch(() => {})
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
