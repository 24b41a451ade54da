import { link, readdir, stat } from 'node:fs/promises'
import { z } from 'zod'
import { QiError } from '../../../base/types/index.ts'

/** Folder for claims and unfinished files, beside the data. Readers of data lakes ignore names that begin with an underscore. */
export const LEDGER = '_qicore'

/** A claim says which segment has a name. It is created atomically by the first process, and never changed. */
const claimSchema = z.object({
  /** Offsets, as text. */
  first: z.string().regex(/^\d+$/),
  last: z.string().regex(/^\d+$/),
  rows: z.int().min(1),
  /** The name of its file. */
  file: z.string().min(1),
  /** The name of the file in the ledger, before it is linked among the data. */
  pending: z.string().min(1),
})
export type Claim = z.output<typeof claimSchema>

/** Makes a hard link. @returns false where `to` exists */
export async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )

/** Names in a folder; none where it does not exist. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

export function readClaim(path: string, text: string): Claim {
  try {
    return claimSchema.parse(JSON.parse(text))
  } catch (error) {
    throw new QiError(
      'BAD_DATA',
      `${path} is damaged; restore it from a backup, or remove it together with the file of its segment`,
      {
        cause: error,
      },
    )
  }
}
