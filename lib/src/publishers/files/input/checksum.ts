import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { QiError } from '../../../base/types/index.ts'
import type { InputFile } from './inputs.ts'

/** A file of a checksum is one line; more is something else. */
const MOST_BYTES = 4096

/**
 * Compares a file with the SHA-256 in the file `.CHECKSUM` beside it.
 * @returns true if they agree, false if there is no such file
 * @throws QiError BAD_DATA naming the file, if they differ
 */
export async function verifyChecksum({ path, name }: InputFile, signal: AbortSignal): Promise<boolean> {
  let text: string
  try {
    text = (await readFile(`${path}.CHECKSUM`, { signal })).subarray(0, MOST_BYTES).toString('latin1')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
  const [expected] = /\b[0-9a-f]{64}\b/i.exec(text) ?? []
  if (expected === undefined)
    throw new QiError('BAD_DATA', `${name}.CHECKSUM holds no SHA-256: get it again, or take the file as it is with --force`)
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash, { signal })
  const found = hash.digest('hex')
  if (found === expected.toLowerCase()) return true
  throw new QiError(
    'BAD_DATA',
    `${name} does not have the checksum of ${name}.CHECKSUM (${found.slice(0, 12)}…, not ${expected.slice(0, 12)}…), so nothing of it is imported: get it again, or take it as it is with --force`,
  )
}
