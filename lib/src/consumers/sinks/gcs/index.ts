import { defineSink, QiError, type SegmentSink } from '../../../base/types/index.ts'
import { openObjectSink } from '../shared/objects/objectSink.ts'
import { openGcs } from './GcsStore.ts'
import { gcsSettings } from './settings.ts'

/** Records as objects of a bucket of Google Cloud: a prefix for each type, source and day, each record exactly once. */
export const gcs = defineSink({
  name: 'gcs',
  summary: 'Objects in Google Cloud Storage: JSON lines, JSON, CSV or Parquet; each record exactly once',
  config: gcsSettings,
  open: async (settings, context): Promise<SegmentSink> => {
    const { prefix, format, compression, roll, compact, key_file, credentials, anonymous } = settings
    const given = [key_file !== undefined && 'key_file', credentials !== undefined && 'credentials', anonymous && 'anonymous']
    const [one, other] = given.filter((setting) => setting !== false)
    if (one !== undefined && other !== undefined) {
      const field = `destinations.${context.name}.${other}`
      throw new QiError('CONFIG_INVALID', `${field}: it replaces ${one}: remove one of them`, { field })
    }
    const store = await openGcs(settings, context)
    return openObjectSink({ store, prefix, settings: { format, compression, roll }, compact, context })
  },
})
