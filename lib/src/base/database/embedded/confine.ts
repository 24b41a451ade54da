import { constants, setPriority } from 'node:os'
import { type RunAs, run } from './run.ts'

/** Data that the process of a reader's session may hold beyond the buffers that all share. */
const READER_BYTES = 256 * 2 ** 20

/**
 * Confines one server process: all others go first on the processor, and what it asks of memory beyond the limit fails its query and
 * nothing else.
 * @param as the user whose process it is; undefined for our own
 * @returns false where the system has no `prlimit`, which is part of Linux: then its memory is not bounded
 */
export async function confine(pid: number, as: RunAs | undefined, bytes = READER_BYTES): Promise<boolean> {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW)
  } catch {
    // Gone already, or of a user whom we may not slow down.
  }
  if (process.platform !== 'linux') return false
  const { code } = await run('prlimit', [`--pid=${pid}`, `--data=${bytes}`], { as })
  return code === 0
}
