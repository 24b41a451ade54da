import { randomUUID } from 'node:crypto'
import { link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import {
  nameOf,
  onDisk,
  QiError,
  type Segment,
  type SegmentArchive,
  stemOf,
  synced,
  type TopicPartition,
} from '../../../base/index.ts'

/** Beside the data: which segments there are, and files that are on their way. Readers leave it out, as it begins with an underscore. */
const LEDGER = '_qicore'

/** The one segment that has a name: made at once or not at all, by whoever comes first, and never changed. */
const claimSchema = z.object({
  /** Offsets, as text. */
  first: z.string().regex(/^\d+$/),
  last: z.string().regex(/^\d+$/),
  rows: z.int().min(1),
  /** The name of its file. */
  file: z.string().min(1),
  /** The name of the file before it is among the data. */
  pending: z.string().min(1),
})
type Claim = z.output<typeof claimSchema>

export interface FolderArchiveOptions {
  readonly root: string
  /** Of the files. */
  readonly extension: string
  /** The destination that the folder belongs to. */
  readonly destination: string
  /** Its names stand before those of the partitions: another pipeline's records of the same offsets may be others. */
  readonly pipeline: string
}

/**
 * Segments in a folder of this machine, or of a file system that makes hard links. A segment's file is complete on the disk before it is
 * claimed; the claim is a link that cannot be made twice; then the file gets its name among the data, by whoever sees the claim. So a
 * reader never sees half a file, and of those who write the same segment one succeeds.
 */
export class FolderArchive implements SegmentArchive {
  readonly #options: FolderArchiveOptions

  constructor(options: FolderArchiveOptions) {
    this.#options = options
  }

  async keep(segment: Segment): Promise<bigint> {
    try {
      return await this.#keep(segment)
    } catch (error) {
      throw onDisk(error)
    }
  }

  async reach(folder: string, partition: TopicPartition): Promise<bigint | undefined> {
    try {
      const names = await namesIn(this.#ledger(folder))
      const newest = names
        .filter((name) => name.startsWith(`${this.#options.pipeline}+${stemOf(partition)}`) && name.endsWith('.json'))
        .sort()
        .at(-1)
      if (newest === undefined) return undefined
      return await this.#settle(folder, newest.slice(0, -'.json'.length))
    } catch (error) {
      throw onDisk(error)
    }
  }

  /** Whether the folder can be written, and a second link of one name is refused there. @throws QiError */
  async prove(): Promise<void> {
    const { root } = this.#options
    const folder = join(root, LEDGER)
    const [one, other] = [join(folder, `probe-${randomUUID()}`), join(folder, `probe-${randomUUID()}`)]
    try {
      await mkdir(folder, { recursive: true })
      await writeFile(one, 'probe', { flag: 'wx' })
      await link(one, other)
      if (await linked(one, other))
        throw new QiError('UNSUPPORTED', `${root} makes a second link of one name: it is no file system for segments`)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS')
        throw new QiError(
          'UNSUPPORTED',
          `${root} makes no hard links, which segments need: give path a folder on another file system`,
          {
            cause: error,
          },
        )
      throw onDisk(error)
    } finally {
      await Promise.all([rm(one, { force: true }), rm(other, { force: true })])
    }
  }

  /** Two destinations in one folder would take each other's segments for their own. @throws QiError CONFIG_INVALID */
  async own(): Promise<void> {
    const { root, destination } = this.#options
    try {
      await mkdir(join(root, LEDGER), { recursive: true })
      const path = join(root, LEDGER, 'destination')
      await writeFile(path, destination, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      })
      const owner = await readFile(path, 'utf8')
      if (owner !== '' && owner !== destination)
        throw new QiError(
          'CONFIG_INVALID',
          `destinations.${destination}.path: ${root} is the folder of the destination "${owner}": give each its own`,
        )
    } catch (error) {
      throw onDisk(error)
    }
  }

  async #keep({ folder, first, last, rows, path, ...partition }: Segment): Promise<bigint> {
    const { pipeline, extension } = this.#options
    const name = `${pipeline}+${nameOf(partition, first)}`
    const ledger = this.#ledger(folder)
    await mkdir(ledger, { recursive: true })
    const pending = `${name}.${randomUUID()}.pending`
    await rename(path, join(ledger, pending))
    const claim: Claim = { first: `${first}`, last: `${last}`, rows, file: `${name}.${extension}`, pending }
    const written = join(ledger, `${pending}.claim`)
    await writeFile(written, JSON.stringify(claim), { flag: 'wx' })
    await synced(written)
    await synced(ledger)
    const own = await linked(written, join(ledger, `${name}.json`))
    await rm(written)
    if (!own) await rm(join(ledger, pending))
    await synced(ledger)
    return this.#settle(folder, name)
  }

  /** Gives the file of a claim its name among the data, where it has none yet. @returns its last offset */
  async #settle(folder: string, name: string): Promise<bigint> {
    const ledger = this.#ledger(folder)
    const path = join(ledger, `${name}.json`)
    const claim = readClaim(path, await readFile(path, 'utf8'))
    const file = join(this.#options.root, folder, claim.file)
    const pending = join(ledger, claim.pending)
    if (await isThere(pending)) {
      await mkdir(dirname(file), { recursive: true })
      await linked(pending, file)
      await synced(dirname(file))
      await rm(pending, { force: true })
    }
    return BigInt(claim.last)
  }

  #ledger(folder: string): string {
    return join(this.#options.root, LEDGER, folder)
  }
}

/** @returns false where there is a file of that name */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function readClaim(path: string, text: string): Claim {
  try {
    return claimSchema.parse(JSON.parse(text))
  } catch (error) {
    throw new QiError(
      'BAD_DATA',
      `${path} is not what it was written as; take it from a backup, or remove the segment that it names with it`,
      {
        cause: error,
      },
    )
  }
}
