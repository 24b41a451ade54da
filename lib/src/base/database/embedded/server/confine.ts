import { constants, setPriority } from 'node:os'
import { type RunAs, run } from './run.ts'

/** The most memory of a reader's session beyond the shared buffers, in bytes. */
const READER_BYTES = 256 * 2 ** 20

/**
 * Confines a server process: lowest CPU priority, and a memory limit beyond which only its own query fails.
 * @param as the user of the process; undefined for our own
 * @returns false if the system has no `prlimit` (it is part of Linux): then its memory is not limited
 */
export async function confine(pid: number, as: RunAs | undefined, bytes = READER_BYTES): Promise<boolean> {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW)
  } catch {
    // Ended already, or of a user whose processes we may not change.
  }
  if (process.platform !== 'linux') return false
  const { code } = await run('prlimit', [`--pid=${pid}`, `--data=${bytes}`], { as })
  return code === 0
}
