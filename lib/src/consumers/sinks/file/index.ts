import { isAbsolute, join, resolve } from 'node:path'
import { z } from 'zod'
import { defineSink, type SegmentSink, toQiError } from '../../../base/types/index.ts'
import { Compaction, compactField } from '../shared/compaction.ts'
import { sweep } from '../shared/scratch.ts'
import { collectorOf, formatOf, segmentFields } from '../shared/segments.ts'
import { FolderArchive } from './FolderArchive.ts'
import { FolderDays } from './FolderDays.ts'

/** Records in files: a folder for each type, source and day, each record exactly once. */
export const file = defineSink({
  name: 'file',
  summary: 'Files of JSON lines, JSON, CSV or Parquet, in folders by type, source and day; each record exactly once',
  config: z.object({
    path: z.string().min(1).describe('the folder; a relative one lies in the data folder'),
    ...segmentFields,
    compact: compactField,
  }),
  open: async ({ path, compact, ...settings }, context): Promise<SegmentSink> => {
    const { name, pipeline, home } = context
    const root = resolve(isAbsolute(path) ? path : join(home, path))
    const format = formatOf(settings, name)
    // On the file system of the data, so that a complete file is renamed instead of copied.
    const scratch = join(root, '_qicore', 'scratch')
    await sweep(scratch)
    const { extension } = format
    const archive = new FolderArchive({ root, extension, destination: name, pipeline })
    await archive.own()
    const daysRoot = `${root}-compacted`
    const days = new FolderDays({ segments: archive, root, daysRoot, extension })
    const compaction = new Compaction({ archive: days, format, scratch: days.scratch, compact, context })
    // The folder of the days may belong to another destination as its path.
    const ownDays = () => new FolderArchive({ root: daysRoot, extension, destination: name, pipeline }).own()
    if (compact) await ownDays()
    return {
      name,
      guarantee: 'exactly_once',
      accepts: () => true,
      openLane: async () => {
        // Compaction starts with the first lane: a sink that is opened only for a check compacts nothing.
        compaction.start()
        return collectorOf({ settings, format, archive, scratch })
      },
      compact: async (options) => {
        await ownDays()
        return compaction.run(options)
      },
      check: async () => {
        try {
          await archive.prove()
          return compaction.withState({ ok: true, summary: `${root} can be written` })
        } catch (error) {
          return { ok: false, summary: toQiError(error).message, remedy: `let the user of the platform write ${root}` }
        }
      },
      close: () => compaction.close(),
      [Symbol.asyncDispose]: () => compaction.close(),
    }
  },
})
