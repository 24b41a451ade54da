import { type RunAs, run } from './run.ts'

/** Data that the process of a reader's session may hold beyond the buffers that all share. */
const READER_BYTES = 256 * 2 ** 20

/**
 * Bounds the memory of one server process: what it asks for beyond that fails its query and nothing else.
 * @param as the user whose process it is; undefined for our own
 * @returns false where the system has no `prlimit`, which is part of Linux
 */
export async function limitMemory(pid: number, as: RunAs | undefined, bytes = READER_BYTES): Promise<boolean> {
  if (process.platform !== 'linux') return false
  const { code } = await run('prlimit', [`--pid=${pid}`, `--data=${bytes}`], { as })
  return code === 0
}
