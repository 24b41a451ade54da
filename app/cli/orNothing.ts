import { NotMade } from '../../lib/src/base/index.ts'

/** A list of the store; empty where no process has kept anything of that kind yet, since a command that only reads makes no tables. */
export async function orNothing<T>(listing: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await listing
  } catch (error) {
    if (error instanceof NotMade && error.neverMade) return []
    throw error
  }
}
