import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

const EVERY_MS = 20
/** The kernel counts the work of a process in hundredths of a second. */
const TICK_MS = 10

/** A program that drains a topic. */
export interface DrainingProgram {
  readonly name: string
  readonly pid: number
  /** Rejects with what ended it. */
  readonly failed: Promise<never>
}

/**
 * Waits until a target holds all records of a topic. The start of the program costs it nothing: it is counted from the first record that
 * can be seen.
 * @param held records that the target holds so far
 * @returns the work of the program in milliseconds of CPU, for `records` of them
 */
export async function drainedBy(program: DrainingProgram, records: number, held: () => Promise<number>): Promise<number> {
  const { name, pid, failed } = program
  const seen = async (wanted: number): Promise<number> => {
    for (;;) {
      const count = await held()
      if (count >= wanted) return count
      await sleep(EVERY_MS)
    }
  }
  const first = await Promise.race([seen(1), failed])
  const before = await cpuMs(pid)
  await Promise.race([seen(records), failed])
  const worked = (await cpuMs(pid)) - before
  if (first > records / 2)
    throw new Error(`${name} had written ${first} of ${records} records before it was looked at: take more`)
  return (worked * records) / (records - first)
}

/** Work of a process, user and system. */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The name of the program may hold blanks; the fields count from behind it.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) * TICK_MS
}
