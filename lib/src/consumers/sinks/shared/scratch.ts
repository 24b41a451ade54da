import { randomUUID } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

/** The folder for unsealed records of one lane of this process, below a folder that lanes of several processes share. */
export const scratchIn = (folder: string): string => join(folder, `${hostname()}+${process.pid}+${randomUUID()}`)

/** Removes the folders of ended processes of this machine. Their records were not acknowledged, so they are delivered again. */
export async function sweep(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names) {
    const [host, pid] = name.split('+')
    if (host !== hostname() || isAlive(Number(pid))) continue
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => {})
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
