import { NotMade } from '../../lib/src/base/database/index.ts'

/** A list from the store; empty if its table does not exist yet, because a command that only reads creates no tables. */
export async function orNothing<T>(listing: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await listing
  } catch (error) {
    if (error instanceof NotMade && error.neverMade) return []
    throw error
  }
}
