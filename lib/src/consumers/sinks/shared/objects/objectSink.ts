import { join } from 'node:path'
import { type CheckResult, type SegmentSink, type SinkContext, toQiError } from '../../../../base/types/index.ts'
import { Compaction, type CompactionSettings } from '../compaction.ts'
import { scratchIn, sweep } from '../scratch.ts'
import { collectorOf, formatOf, type SegmentSettings } from '../segments.ts'
import { ObjectArchive } from './ObjectArchive.ts'
import { ObjectDays } from './ObjectDays.ts'
import type { ObjectStore } from './ObjectStore.ts'
import { placeOf } from './objects.ts'
import { own } from './own.ts'

const REPEATS = 'the server does not refuse a second put of one name, so records that are delivered again are stored again'

export interface ObjectSinkOptions {
  /** Closed with the sink, and when opening the sink fails. */
  readonly store: ObjectStore
  readonly prefix: string | undefined
  readonly settings: SegmentSettings
  readonly compact: CompactionSettings['compact']
  readonly context: Pick<SinkContext, 'name' | 'pipeline' | 'home' | 'logger' | 'store'>
}

/** Opens a destination that keeps segments as objects. It is exactly once where the server obeys conditions. @throws QiError */
export async function openObjectSink({ store, prefix, settings, compact, context }: ObjectSinkOptions): Promise<SegmentSink> {
  const { name, pipeline, home, logger } = context
  try {
    const format = formatOf(settings, name)
    const { extension } = format
    const scratch = join(home, 'scratch', name)
    const before = prefix === undefined ? '' : `${prefix}/`
    const archive = new ObjectArchive({ store, prefix: before, extension, destination: name, pipeline })
    await archive.prove()
    await archive.own()
    if (!archive.exact) logger.warn({ destination: name }, `destination ${name} is at least once: ${archive.place}: ${REPEATS}`)
    const daysPrefix = prefix === undefined ? 'compacted/' : `${prefix}-compacted/`
    const place = placeOf({ store, prefix: daysPrefix })
    // The prefix of the days may belong to another destination as its prefix.
    const ownDays = () => own({ store, prefix: daysPrefix, place, destination: name, extension, exact: archive.exact })
    if (compact) await ownDays()
    for (const root of [before, daysPrefix])
      await store.tidy(root).catch((error: unknown) => {
        logger.debug({ err: error, destination: name }, 'parts of unfinished uploads could not be removed')
      })
    await sweep(scratch)
    const days = new ObjectDays({ store, prefix: before, daysPrefix, extension, exact: () => archive.exact })
    const compaction = new Compaction({ archive: days, format, scratch: scratchIn(scratch), compact, context })
    // Both at once: closing the store aborts the calls of a compaction under way.
    const close = async () => void (await Promise.all([compaction.close(), store.close()]))
    return {
      name,
      get guarantee() {
        return archive.exact ? 'exactly_once' : 'at_least_once'
      },
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
      check: async () => compaction.withState(await check(archive)),
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

async function check(archive: ObjectArchive): Promise<CheckResult> {
  try {
    await archive.prove()
    const details = { delivery: archive.exact ? 'exactly_once' : 'at_least_once' }
    if (archive.exact)
      return { ok: true, summary: `${archive.place}: can be written, exactly once: a second put of one name is refused`, details }
    return { ok: true, summary: `${archive.place}: can be written, at least once: ${REPEATS}`, details }
  } catch (thrown) {
    const error = toQiError(thrown)
    return { ok: false, summary: error.message, error }
  }
}
