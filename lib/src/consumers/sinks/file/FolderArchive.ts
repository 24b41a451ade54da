import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { nameOf, onDisk, type Segment, type SegmentArchive, stemOf, synced } from '../../../base/segments/index.ts'
import { QiError, type TopicPartition } from '../../../base/types/index.ts'
import { type Claim, isThere, LEDGER, linked, namesIn, readClaim } from './claims.ts'

export interface FolderArchiveOptions {
  readonly root: string
  /** Extension of the files. */
  readonly extension: string
  /** The destination that owns the folder. */
  readonly destination: string
  /** Part of each segment's name: the same offsets of another pipeline can be other records. */
  readonly pipeline: string
}

/**
 * Segments in a folder of a file system with hard links. Keeping a segment has three steps: its complete file is synced to disk, a claim
 * is made (a hard link, which fails where the name exists), and the file is linked under its name among the data by any process that sees
 * the claim. So a reader never sees half a file, and one of several processes that write the same segment succeeds.
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
      return BigInt((await this.settle(folder, newest.slice(0, -'.json'.length))).last)
    } catch (error) {
      throw onDisk(error)
    }
  }

  /** Checks that the folder can be written, and that its file system refuses a second link of one name. @throws QiError */
  async prove(): Promise<void> {
    const { root } = this.#options
    const folder = join(root, LEDGER)
    const [one, other] = [join(folder, `probe-${randomUUID()}`), join(folder, `probe-${randomUUID()}`)]
    try {
      await mkdir(folder, { recursive: true })
      await writeFile(one, 'probe', { flag: 'wx' })
      await link(one, other)
      if (await linked(one, other))
        throw new QiError(
          'UNSUPPORTED',
          `${root}: its file system links two files under one name, so segments are not safe there: give path a folder on another file system`,
        )
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS')
        throw new QiError(
          'UNSUPPORTED',
          `${root}: its file system has no hard links, which segments need: give path a folder on another file system`,
          {
            cause: error,
          },
        )
      throw onDisk(error)
    } finally {
      await Promise.all([rm(one, { force: true }), rm(other, { force: true })])
    }
  }

  /** Makes the folder the destination's own. @throws QiError CONFIG_INVALID where another destination owns it */
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
          `destinations.${destination}.path: ${root} belongs to destination "${owner}": give each its own folder`,
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
    return BigInt((await this.settle(folder, name)).last)
  }

  /** Links the file of a claim under its name among the data, unless that is done. */
  async settle(folder: string, name: string): Promise<Claim> {
    const ledger = this.#ledger(folder)
    const path = join(ledger, `${name}.json`)
    const claim = readClaim(path, await readFile(path, 'utf8'))
    const file = join(this.#options.root, folder, claim.file)
    const pending = join(ledger, claim.pending)
    if (await isThere(pending)) {
      await mkdir(dirname(file), { recursive: true })
      await linked(pending, file).catch(async (error: unknown) => {
        // Another process, such as the heir of a fenced one, may link it first and remove the pending file.
        if (await isThere(pending)) throw error
      })
      await synced(dirname(file))
      await rm(pending, { force: true })
    }
    return claim
  }

  #ledger(folder: string): string {
    return join(this.#options.root, LEDGER, folder)
  }
}
