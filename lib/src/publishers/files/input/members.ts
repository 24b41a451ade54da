import type { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import type { Entry, ZipFile } from 'yauzl'
import { errorMessage, type Micros, QiError } from '../../../base/types/index.ts'
import { fileBytes } from '../reading/lines.ts'
import type { InputFile } from './inputs.ts'

/** A text to import: a file, or one file of an archive. */
export interface Member {
  /** Name without folders and without `.gz`. */
  readonly name: string
  /** Folder and name within the archive; empty for a plain file. */
  readonly inside: string
  readonly file: InputFile
  /** The number of bytes that {@link bytes} gives. */
  readonly size: number
  /** The bytes: of a plain file as they are, of an archive unpacked. @throws Error of the archive, after its readable part */
  bytes(signal: AbortSignal): AsyncIterable<Buffer>
}

/** The members of one input, open until it is disposed. */
export interface OpenInput extends AsyncDisposable {
  readonly members: readonly Member[]
}

/** Most members of one archive. */
const MOST_MEMBERS = 100_000

/** The name of a member for messages: `a.zip:b.csv`. */
export const labelOf = ({ file, inside }: Member): string => (inside === '' ? file.name : `${file.name}:${inside}`)

/** The last moment that a file can know of, as it was last written. */
export const changedAt = ({ file }: Member): Micros => file.changedAt * 1000

/**
 * Opens a file, or the archive that it is.
 * @throws QiError BAD_DATA naming an archive that is cut, encrypted or damaged; FORBIDDEN
 */
export async function openInput(file: InputFile): Promise<OpenInput> {
  if (!/\.zip$/i.test(file.name)) return { members: [plain(file)], [Symbol.asyncDispose]: async () => {} }
  const { openPromise } = await import('yauzl')
  try {
    const archive = await openPromise(file.path, { lazyEntries: true, autoClose: false })
    try {
      return { members: await membersOf(file, archive), [Symbol.asyncDispose]: async () => archive.close() }
    } catch (error) {
      archive.close()
      throw error
    }
  } catch (error) {
    if (error instanceof QiError) throw error
    if ((error as NodeJS.ErrnoException).code === 'EACCES')
      throw new QiError('FORBIDDEN', `${file.name}: ${errorMessage(error)}`, { cause: error })
    throw new QiError(
      'BAD_DATA',
      `${file.name} is not a complete zip archive, so nothing of it is imported: ${errorMessage(error)}; get the file again`,
      { cause: error },
    )
  }
}

const plain = (file: InputFile): Member => ({
  name: file.name.replace(/\.gz$/i, ''),
  inside: '',
  file,
  size: file.bytes,
  bytes: (signal) => fileBytes(file.path, signal),
})

async function membersOf(file: InputFile, archive: ZipFile): Promise<Member[]> {
  if (archive.entryCount > MOST_MEMBERS)
    throw new QiError(
      'BAD_DATA',
      `${file.name} holds more than ${MOST_MEMBERS} files: unpack it, and import its folders one by one`,
    )
  const members: Member[] = []
  for await (const entry of archive.eachEntry()) {
    // Folders, and what macOS adds.
    if (entry.fileName.endsWith('/') || entry.fileName.startsWith('__MACOSX/')) continue
    members.push({
      name: entry.fileName.slice(entry.fileName.lastIndexOf('/') + 1).replace(/\.gz$/i, ''),
      inside: entry.fileName,
      file,
      size: entry.uncompressedSize,
      bytes: (signal) => unzipped(archive, entry, signal),
    })
  }
  return members
}

/** The bytes of a member. Its checksum is known at its end. @throws Error if it is encrypted, damaged or cut */
async function* unzipped(archive: ZipFile, entry: Entry, signal: AbortSignal): AsyncGenerator<Buffer> {
  if (entry.isEncrypted()) throw new Error('it is encrypted: unpack it with its password')
  const stream: Readable = await archive.openReadStreamPromise(entry)
  let sum = 0
  let ended = false
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (signal.aborted) return
      sum = crc32(chunk, sum)
      yield chunk
    }
    ended = true
  } finally {
    if (!ended) stream.destroy()
  }
  if (sum !== entry.crc32) throw new Error('its bytes do not have the checksum of the archive')
}
