import { type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { QiError } from '../../types/index.ts'
import type { ExportJob } from './ExportFile.ts'

const LOG = '.qicore-export'

/** An export into many files. A log in the folder lists the complete ones until all are. */
export class ExportFolder implements AsyncDisposable {
  readonly path: string
  readonly meant: ExportJob['meant']
  readonly #log: FileHandle
  readonly #done: Set<string>

  private constructor(path: string, log: FileHandle, job: ExportJob, done: readonly string[]) {
    this.path = path
    this.#log = log
    this.meant = job.meant
    this.#done = new Set(done)
  }

  /** @throws QiError CONFLICT where another export is unfinished there */
  static async open(path: string, job: ExportJob, overwrite = false): Promise<ExportFolder> {
    await mkdir(path, { recursive: true })
    const name = join(path, LOG)
    if (overwrite) await rm(name, { force: true })
    const text = await readFile(name, 'utf8').catch(() => '')
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    const [head, ...done] = whole.split('\n').filter(Boolean)
    const known = head === undefined ? undefined : (JSON.parse(head) as ExportJob)
    if (known && JSON.stringify(known.asked) !== JSON.stringify(job.asked))
      throw new QiError(
        'CONFLICT',
        `${path} has part of another export (${name} says which): finish it with its own command, or overwrite it`,
        {
          field: 'output',
        },
      )
    const log = await open(name, 'a')
    if (known) await log.truncate(Buffer.byteLength(whole))
    else await log.appendFile(`${JSON.stringify(job)}\n`)
    return new ExportFolder(
      path,
      log,
      known ?? job,
      done.map((line) => JSON.parse(line) as string),
    )
  }

  isDone(file: string): boolean {
    return this.#done.has(file)
  }

  async done(file: string): Promise<void> {
    await this.#log.appendFile(`${JSON.stringify(file)}\n`)
    this.#done.add(file)
  }

  async finish(): Promise<void> {
    await rm(join(this.path, LOG))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#log.close()
  }
}
