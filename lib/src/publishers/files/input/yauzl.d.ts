/** The part of yauzl that is used here; the package brings no types. */
declare module 'yauzl' {
  import type { Readable } from 'node:stream'

  export interface Entry {
    readonly fileName: string
    readonly uncompressedSize: number
    readonly crc32: number
    isEncrypted(): boolean
  }

  export interface ZipFile {
    readonly entryCount: number
    eachEntry(): AsyncIterable<Entry>
    /** @throws Error for an entry that is encrypted, or packed in an unknown way */
    openReadStreamPromise(entry: Entry): Promise<Readable>
    close(): void
  }

  /** @throws Error if the file has no directory at its end, as one that is cut */
  export function openPromise(path: string, options: { lazyEntries: boolean; autoClose: boolean }): Promise<ZipFile>
}
