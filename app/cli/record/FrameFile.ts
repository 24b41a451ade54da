import { once } from 'node:events'
import type { WriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGzip, type Gzip } from 'node:zlib'
import { errorMessage, type FrameEvent, formatTime, QiError, systemCode } from '../../../lib/src/base/types/index.ts'

export interface FrameFileOptions {
  readonly path: string
  /** Bytes of the file after which it is full; the last block may exceed them. */
  readonly mostBytes: number
  readonly cutKeys: (text: string) => string
}

/** A file of raw messages: a JSON object a line, packed by gzip. */
export class FrameFile {
  readonly #options: FrameFileOptions
  readonly #file: WriteStream
  readonly #gzip: Gzip
  readonly #full = new AbortController()
  readonly #written: Promise<void>
  #frames = 0

  private constructor(options: FrameFileOptions, file: WriteStream) {
    this.#options = options
    this.#file = file
    this.#gzip = createGzip()
    this.#written = pipeline(this.#gzip, file)
    // close() throws the failure.
    this.#written.catch(() => this.#full.abort())
  }

  /** @throws QiError CONFLICT if the file exists or cannot be created */
  static async create(options: FrameFileOptions): Promise<FrameFile> {
    const { path } = options
    try {
      // The flag makes the system refuse an existing file, without a race between check and write.
      return new FrameFile(options, (await open(path, 'wx')).createWriteStream())
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
    return this.#file.bytesWritten
  }

  /** Aborted once the file is full or cannot be written. */
  get full(): AbortSignal {
    return this.#full.signal
  }

  add({ at, direction, text }: FrameEvent): void {
    if (this.#full.signal.aborted || this.#gzip.writableEnded) return
    this.#frames++
    this.#gzip.write(`${JSON.stringify({ at: formatTime(at), direction, text: this.#options.cutKeys(text) })}\n`)
    // Texts that wait for gzip come to the file too.
    if (this.bytes + this.#gzip.writableLength >= this.#options.mostBytes) this.#full.abort()
  }

  /** Resolves once the disk has taken what waits. */
  async room(): Promise<void> {
    if (this.#gzip.writableNeedDrain) await once(this.#gzip, 'drain', { signal: this.full }).catch(() => {})
  }

  /** Makes all lines so far readable, even if the process is killed. */
  flush(): void {
    if (!this.#gzip.destroyed) this.#gzip.flush()
  }

  /** @throws QiError UNAVAILABLE if the disk did not take everything */
  async close(): Promise<void> {
    this.#gzip.end()
    await this.#written.catch((error: unknown) => {
      throw new QiError(
        'UNAVAILABLE',
        `${this.#options.path} cannot be written: ${errorMessage(error)}; free space on its disk`,
        {
          cause: error,
        },
      )
    })
  }
}
