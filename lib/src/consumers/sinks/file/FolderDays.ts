import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import {
  type CompactedDay,
  type DayArchive,
  type DayContents,
  type KeptSegment,
  localFile,
  synced,
} from '../../../base/segments/index.ts'
import { isThere, LEDGER, namesIn } from './claims.ts'
import type { FolderArchive } from './FolderArchive.ts'

/** Name of the file of a day, without its extension. */
const DAY = 'day'
const CLAIM = '.json'
/** Folder in the ledger of the compacted days, beside those of the types. */
const SCRATCH = 'scratch'

/** Describes a compacted day; written after the day itself. */
const noteSchema = z.object({
  file: z.string().startsWith(`${DAY}.`),
  /** Distinguishes that file from others of its name. */
  published: z.string().min(1),
  rows: z.int().min(1),
  /** Last offsets by name. */
  segments: z.record(z.string(), z.string().regex(/^\d+$/)),
})

export interface FolderDaysOptions {
  readonly segments: FolderArchive
  /** The folder of the segments, and that of the days. */
  readonly root: string
  readonly daysRoot: string
  /** Extension of the files of days. */
  readonly extension: string
}

/** Compacted days in a folder beside that of the segments, with the same subfolders and one file in each. */
export class FolderDays implements DayArchive {
  readonly #options: FolderDaysOptions

  constructor(options: FolderDaysOptions) {
    this.#options = options
  }

  /** A folder for unfinished files, on the file system of the days. */
  get scratch(): string {
    return join(this.#options.daysRoot, LEDGER, SCRATCH)
  }

  async folders(): Promise<readonly string[]> {
    let found = ['']
    for (const level of [/^[a-z_]+$/, /^source=/, /^date=/]) {
      const deeper = found.map(async (folder) => {
        const entries = await readdir(join(this.#options.root, LEDGER, folder), { withFileTypes: true })
        return entries.filter((entry) => entry.isDirectory() && level.test(entry.name)).map(({ name }) => join(folder, name))
      })
      found = (await Promise.all(deeper)).flat()
    }
    return found
  }

  async names(folder: string): Promise<readonly string[]> {
    const names = await namesIn(join(this.#options.root, LEDGER, folder))
    return names.filter((name) => name.endsWith(CLAIM)).map((name) => name.slice(0, -CLAIM.length))
  }

  async segment(folder: string, name: string): Promise<KeptSegment> {
    const { file, last, rows } = await this.#options.segments.settle(folder, name)
    const path = join(this.#options.root, folder, file)
    const extension = file.slice(name.length + 1)
    const kept = (await isThere(path)) ? localFile(path) : undefined
    return { last: BigInt(last), rows, extension, place: path, file: kept }
  }

  async day(folder: string): Promise<CompactedDay | undefined> {
    const noted = await this.#note(folder)
    if (!noted) return undefined
    const { daysRoot, extension } = this.#options
    const { file, published, rows, segments } = noted
    const path = join(daysRoot, folder, file)
    const found = await publishedAs(path)
    // A file of another format may be left.
    const alone = (await namesIn(join(daysRoot, folder))).length === 1
    return {
      rows,
      segments: new Map(Object.entries(segments).map(([name, last]) => [name, BigInt(last)])),
      extension: file.slice(DAY.length + 1),
      file: found === undefined ? undefined : localFile(path),
      current: found === published && alone && file === `${DAY}.${extension}`,
    }
  }

  async publish(folder: string, path: string): Promise<string> {
    const { daysRoot, extension } = this.#options
    const file = join(daysRoot, folder, `${DAY}.${extension}`)
    const published = (await publishedAs(path)) as string
    await mkdir(dirname(file), { recursive: true })
    await rename(path, file)
    await synced(dirname(file))
    return published
  }

  async note(folder: string, published: string, { rows, segments }: DayContents): Promise<void> {
    const { daysRoot, extension } = this.#options
    const file = `${DAY}.${extension}`
    const lasts = Object.fromEntries([...segments].map(([name, last]) => [name, `${last}`]))
    const written = join(this.scratch, `${randomUUID()}${CLAIM}`)
    await writeFile(written, JSON.stringify({ file, published, rows, segments: lasts }), { flag: 'wx' })
    await synced(written)
    const path = this.#notePath(folder)
    await mkdir(dirname(path), { recursive: true })
    await rename(written, path)
    await synced(dirname(path))
    for (const other of await namesIn(join(daysRoot, folder)))
      if (other !== file) await rm(join(daysRoot, folder, other), { recursive: true })
  }

  /** The note of a day. One that cannot be read counts as missing, and the day is compacted again. */
  async #note(folder: string): Promise<z.output<typeof noteSchema> | undefined> {
    const text = await readFile(this.#notePath(folder), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw error
    })
    try {
      return noteSchema.parse(JSON.parse(text))
    } catch {
      return undefined
    }
  }

  #notePath(folder: string): string {
    return join(this.#options.daysRoot, LEDGER, folder, `${DAY}${CLAIM}`)
  }
}

/** Size and modification time of a file, which a rename keeps; undefined where there is none. */
const publishedAs = (path: string): Promise<string | undefined> =>
  stat(path, { bigint: true }).then(
    ({ size, mtimeNs }) => `${size} ${mtimeNs}`,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    },
  )
