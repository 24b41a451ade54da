import { type FileHandle, open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { errorMessage, type FrameEvent, formatTime, QiError, systemCode } from '../../../lib/src/base/types/index.ts'

const pack = promisify(gzip)

export interface FrameFileOptions {
  readonly path: string
  /** Bytes of the file after which it is full; the last block may exceed them. */
  readonly mostBytes: number
  readonly cutKeys: (text: string) => string
}

/** Characters that wait for the disk, at which they become a block. */
const BLOCK = 128 * 1024
/** Blocks that may wait for the disk before {@link FrameFile.room} waits. */
const MOST_BLOCKS = 2

/**
 * A file of raw messages: a JSON object a line, packed by gzip. Each block of lines is a gzip member of its own, so that a file which a full
 * disk or a kill cut short is whole up to its last block.
 */
export class FrameFile {
  readonly #options: FrameFileOptions
  readonly #file: FileHandle
  readonly #full = new AbortController()
  #lines: string[] = []
  #waiting = 0
  /** Characters and blocks that are being written. */
  #inFlight = { characters: 0, blocks: 0 }
  #writing: Promise<void> = Promise.resolve()
  #failure: unknown
  #frames = 0
  #written = { bytes: 0, frames: 0 }

  private constructor(options: FrameFileOptions, file: FileHandle) {
    this.#options = options
    this.#file = file
  }

  /** @throws QiError CONFLICT if the file exists or cannot be created */
  static async create(options: FrameFileOptions): Promise<FrameFile> {
    const { path } = options
    try {
      // The flag makes the system refuse an existing file, without a race between check and write.
      return new FrameFile(options, await open(path, 'wx'))
    } catch (error) {
      const problem =
        systemCode(error) === 'EEXIST'
          ? 'exists already and was not changed: name another file'
          : `cannot be written: ${errorMessage(error)}; name another file`
      throw new QiError('CONFLICT', `output ${path} ${problem}`, { cause: error, field: 'output' })
    }
  }

  get frames(): number {
    return this.#frames
  }

  /** Bytes on the disk. */
  get bytes(): number {
    return this.#written.bytes
  }

  /** Aborted once the file is full or cannot be written. */
  get full(): AbortSignal {
    return this.#full.signal
  }

  add({ at, direction, text }: FrameEvent): void {
    if (this.#full.signal.aborted) return
    this.#frames++
    const line = `${JSON.stringify({ at: formatTime(at), direction, text: this.#options.cutKeys(text) })}\n`
    this.#lines.push(line)
    this.#waiting += line.length
    if (this.#waiting >= BLOCK) this.flush()
    if (this.bytes + this.#waiting + this.#inFlight.characters >= this.#options.mostBytes) this.#full.abort()
  }

  /** Resolves once the disk has taken most of what waits. */
  async room(): Promise<void> {
    if (this.#inFlight.blocks >= MOST_BLOCKS) await this.#writing
  }

  /** Writes the lines so far: they can be read then, even if the process is killed. */
  flush(): void {
    if (this.#lines.length === 0 || this.#failure !== undefined) return
    const [lines, characters] = [this.#lines, this.#waiting]
    this.#lines = []
    this.#waiting = 0
    this.#inFlight = { characters: this.#inFlight.characters + characters, blocks: this.#inFlight.blocks + 1 }
    this.#writing = this.#writing.then(async () => {
      await this.#write(lines)
      this.#inFlight = { characters: this.#inFlight.characters - characters, blocks: this.#inFlight.blocks - 1 }
    })
  }

  /** @throws QiError UNAVAILABLE if the disk did not take everything; the file then ends with the last whole block */
  async close(): Promise<void> {
    this.flush()
    await this.#writing
    await this.#file.close()
    if (this.#failure === undefined) return
    throw new QiError(
      'UNAVAILABLE',
      `${this.#options.path} cannot be written: ${errorMessage(this.#failure)}; its first ${this.#written.frames} messages are whole: free space on its disk, and record again`,
      { cause: this.#failure },
    )
  }

  async #write(lines: readonly string[]): Promise<void> {
    if (this.#failure !== undefined) return
    const { bytes, frames } = this.#written
    try {
      const block = await pack(lines.join(''))
      await this.#file.writeFile(block)
      this.#written = { bytes: bytes + block.length, frames: frames + lines.length }
    } catch (error) {
      this.#failure = error
      this.#full.abort()
      // A part of the block may be on the disk.
      await this.#file.truncate(bytes).catch(() => {})
    }
  }
}
