import type { ImportProgress } from './request.ts'

/** Counts of an import. */
export class Tally {
  readonly filesInAll: number
  readonly bytesInAll: number
  file = ''
  files = 0
  unchanged = 0
  read = 0
  published = 0
  refused = 0
  /** Bytes of the files that are done, and of the current one. */
  #done = 0
  #current = 0

  constructor(filesInAll: number, bytesInAll: number) {
    this.filesInAll = filesInAll
    this.bytesInAll = bytesInAll
  }

  begin(file: string): void {
    this.file = file
    this.#current = 0
  }

  /** @param bytes size of the file on disk */
  end(bytes: number): void {
    this.files++
    this.#done += bytes
    this.#current = 0
  }

  /** @param share of the current file that was read, from 0 to 1 */
  at(bytes: number, share: number): void {
    this.#current = bytes * Math.min(1, share)
  }

  get progress(): ImportProgress {
    const { file, files, filesInAll, bytesInAll, read, refused } = this
    return { file, files, filesInAll, bytes: Math.min(bytesInAll, this.#done + this.#current), bytesInAll, read, refused }
  }
}
