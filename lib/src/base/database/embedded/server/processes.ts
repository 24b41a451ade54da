import { readdir, readFile, readlink } from 'node:fs/promises'
import { run } from './run.ts'

/** True if the process exists and is not a zombie. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return stat === undefined || !/^\d+ \(.*\) [ZX]/s.test(stat)
}

/** True if a pid is the server of this data folder, not a process that got the same number after a crash. */
export async function isServerOf(pid: number, dataFolder: string): Promise<boolean> {
  if (!(await isAlive(pid))) return false
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined)
  if (commandLine !== undefined) return commandLine.split('\0').includes(dataFolder)
  if (process.platform === 'win32') return true
  const { output } = await run('ps', ['-p', String(pid), '-o', 'command='])
  return output.includes(dataFolder)
}

/**
 * Server processes that outlived their postmaster and still hold its shared memory: those with the data folder as working directory.
 * Linux only; elsewhere PostgreSQL's own check has to do.
 */
export async function leftovers(dataFolder: string): Promise<readonly number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue
    const folder = await readlink(`/proc/${name}/cwd`).catch(() => undefined)
    const command = folder === dataFolder ? await readFile(`/proc/${name}/comm`, 'utf8').catch(() => '') : ''
    if (command.startsWith('postgres')) found.push(Number(name))
  }
  return found
}
