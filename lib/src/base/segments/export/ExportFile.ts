import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { HistoryPiece } from '../../database/index.ts'
import { QiError, type RecordType } from '../../types/index.ts'
import { synced } from '../formats/format.ts'
import { type ExportEncoder, exportEncoder } from './ExportEncoder.ts'
import type { ExportForm } from './target.ts'

/** Interval of checkpoints, each of which costs a sync of the disk. The first piece has one of its own. */
const CHECKPOINT_MS = 250

/** Identity of an export. An unfinished one is continued only by the same request. */
export interface ExportJob {
  /** The request. */
  readonly asked: Readonly<Record<string, unknown>>
  /** Values resolved when it began, such as the time of `-30d`. */
  readonly meant: Readonly<Record<string, unknown>>
}

/** The progress of an export: a line of its log file. */
interface Checkpoint {
  readonly after: string
  readonly bytes: number
  readonly rows: number
  readonly state?: string
}

export interface ExportFileOptions {
  readonly path: string
  readonly form: ExportForm
  readonly type: RecordType
  readonly job: ExportJob
  /** Replaces a file of that name, and restarts an unfinished export. */
  readonly overwrite?: boolean
}

/**
 * An export into one file. Until it is complete the file is `NAME.partial`, and the log `NAME.export` has its checkpoints: after a kill
 * it continues after the last record that is on the disk.
 */
export class ExportFile implements AsyncDisposable {
  readonly #path: string
  readonly #file: FileHandle
  readonly #log: FileHandle
  readonly #encoder: ExportEncoder
  readonly #meant: ExportJob['meant']
  #after: string | undefined
  #bytes: number
  #rows: number
  #checkpointAt = 0

  private constructor(
    path: string,
    handles: { readonly file: FileHandle; readonly log: FileHandle },
    encoder: ExportEncoder,
    begun: { readonly meant: ExportJob['meant']; readonly last: Checkpoint | undefined },
  ) {
    this.#path = path
    this.#file = handles.file
    this.#log = handles.log
    this.#encoder = encoder
    this.#meant = begun.meant
    this.#after = begun.last?.after
    this.#bytes = begun.last?.bytes ?? 0
    this.#rows = begun.last?.rows ?? 0
  }

  /**
   * Finds an export of the same request that was killed after its file was renamed, and removes its log.
   * @returns its totals; undefined where there is none
   */
  static async completed(
    path: string,
    { asked }: ExportJob,
  ): Promise<{ readonly rows: number; readonly bytes: number } | undefined> {
    if (!(await isThere(path)) || (await isThere(partialOf(path)))) return undefined
    const known = await readLog(logOf(path))
    if (!known?.whole || JSON.stringify(known.job.asked) !== JSON.stringify(asked)) return undefined
    await rm(logOf(path))
    return known.whole
  }

  /** @throws QiError CONFLICT where another export is unfinished there, or the file exists */
  static async open({ path, form, type, job, overwrite = false }: ExportFileOptions): Promise<ExportFile> {
    if (!overwrite && (await isThere(path)))
      throw new QiError('CONFLICT', `${path} exists: name another file, or overwrite it`, { field: 'output' })
    if (overwrite) await discard(path)
    const known = await readLog(logOf(path))
    if (known && JSON.stringify(known.job.asked) !== JSON.stringify(job.asked))
      throw new QiError(
        'CONFLICT',
        `${partialOf(path)} is part of another export (${logOf(path)} says which): finish it with its own command, or overwrite it`,
        { field: 'output' },
      )
    const checkpoints = known?.checkpoints ?? []
    const last = checkpoints.at(-1)
    const states = checkpoints.flatMap(({ state }) => state ?? [])
    const encoder = await exportEncoder(form, type, last && { bytes: last.bytes, states })
    await using opened = new AsyncDisposableStack()
    const file = await open(partialOf(path), 'a').catch(notWritable(path))
    opened.defer(() => file.close())
    await file.truncate(last?.bytes ?? 0)
    const log = await open(logOf(path), 'a')
    opened.defer(() => log.close())
    if (known) await log.truncate(known.length)
    else await log.appendFile(`${JSON.stringify(job)}\n`)
    opened.move()
    return new ExportFile(path, { file, log }, encoder, {
      meant: known?.job.meant ?? job.meant,
      last,
    })
  }

  /** The values resolved when the export began. */
  get meant(): ExportJob['meant'] {
    return this.#meant
  }

  /** The cursor after which it continues. */
  get after(): string | undefined {
    return this.#after
  }

  get rows(): number {
    return this.#rows
  }

  get bytes(): number {
    return this.#bytes
  }

  async write({ bytes, rows, next }: Pick<HistoryPiece, 'bytes' | 'rows' | 'next'>): Promise<void> {
    for (const part of await this.#encoder.add(bytes)) await this.#append(part)
    this.#rows += rows
    this.#after = next
    if (this.#encoder.settled && performance.now() >= this.#checkpointAt) await this.checkpoint()
  }

  /** Makes the written bytes durable, where nothing waits to be encoded. */
  async checkpoint(): Promise<void> {
    if (!this.#encoder.settled || this.#after === undefined) return
    await this.#file.datasync()
    const state = this.#encoder.takeState()
    const line: Checkpoint = { after: this.#after, bytes: this.#bytes, rows: this.#rows, ...(state !== undefined && { state }) }
    await this.#log.appendFile(`${JSON.stringify(line)}\n`)
    this.#checkpointAt = performance.now() + CHECKPOINT_MS
  }

  /** Completes the file and renames it. */
  async finish(): Promise<void> {
    await this.#append(await this.#encoder.finish())
    await this.#file.sync()
    await this.#log.appendFile(`${JSON.stringify({ whole: { rows: this.#rows, bytes: this.#bytes } })}\n`)
    await rename(partialOf(this.#path), this.#path)
    await rm(logOf(this.#path))
    await synced(dirname(this.#path))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
    await this.#log.close()
  }

  async #append(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return
    await this.#file.appendFile(bytes).catch(notWritable(this.#path))
    this.#bytes += bytes.length
  }
}

const partialOf = (path: string): string => `${path}.partial`
const logOf = (path: string): string => `${path}.export`

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

async function discard(path: string): Promise<void> {
  for (const one of [partialOf(path), logOf(path)]) await rm(one, { force: true })
}

interface Log {
  readonly job: ExportJob
  readonly checkpoints: readonly Checkpoint[]
  /** Totals of the complete file. */
  readonly whole: { readonly rows: number; readonly bytes: number } | undefined
  /** Bytes of the complete lines of the log. */
  readonly length: number
}

/** Reads the log, without a last line that a kill has cut off. */
async function readLog(path: string): Promise<Log | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  const [job, ...checkpoints] = whole.split('\n').filter(Boolean)
  if (job === undefined) return undefined
  try {
    const lines = checkpoints.map((line) => JSON.parse(line) as Checkpoint & Pick<Log, 'whole'>)
    return {
      job: JSON.parse(job) as ExportJob,
      checkpoints: lines.filter(({ whole }) => whole === undefined),
      whole: lines.findLast(({ whole }) => whole !== undefined)?.whole,
      length: Buffer.byteLength(whole),
    }
  } catch (error) {
    throw new QiError('BAD_DATA', `${path} is damaged: start anew by overwriting`, { field: 'output', cause: error })
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'create the folder first',
  EACCES: 'choose a folder that this user may write to',
  EPERM: 'choose a folder that this user may write to',
  EROFS: 'choose a folder that can be written to',
  EISDIR: 'name a file',
  ENOSPC: 'free space; the same command continues from there',
  EDQUOT: 'free space; the same command continues from there',
}

const notWritable =
  (path: string) =>
  (error: NodeJS.ErrnoException): never => {
    const remedy = REMEDIES[error.code ?? '']
    throw new QiError('BAD_REQUEST', `${path} cannot be written: ${error.message}${remedy === undefined ? '' : `; ${remedy}`}`, {
      field: 'output',
      cause: error,
    })
  }
