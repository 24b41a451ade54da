import { defineSink, QiError, type SegmentSink } from '../../../base/types/index.ts'
import { openObjectSink } from '../shared/objects/objectSink.ts'
import { openS3 } from './S3Store.ts'
import { type S3Settings, s3Settings } from './settings.ts'

/** Records as objects of a bucket: a prefix for each type, source and day, each record exactly once. */
export const s3 = defineSink({
  name: 's3',
  summary: 'Objects in S3, or in any service with its API: JSON lines, JSON, CSV or Parquet; each record exactly once',
  config: s3Settings,
  open: async (settings, context): Promise<SegmentSink> => {
    refuseContradictions(settings, context.name)
    const { prefix, format, compression, roll, compact } = settings
    const store = await openS3(settings, context)
    return openObjectSink({ store, prefix, settings: { format, compression, roll }, compact, context })
  },
})

/** @throws QiError CONFIG_INVALID for settings that contradict one another */
function refuseContradictions(settings: S3Settings, destination: string): void {
  const { access_key_id: id, secret_access_key: secret, session_token: token, profile, kms_key_id: kms, encryption } = settings
  const wrong = (setting: string, why: string): QiError => {
    const field = `destinations.${destination}.${setting}`
    return new QiError('CONFIG_INVALID', `${field}: ${why}`, { field })
  }
  if (id !== undefined && secret === undefined) throw wrong('secret_access_key', 'access_key_id needs it: set both or neither')
  if (secret !== undefined && id === undefined) throw wrong('access_key_id', 'secret_access_key needs it: set both or neither')
  if (token !== undefined && id === undefined)
    throw wrong('session_token', 'it needs keys: set access_key_id and secret_access_key')
  if (profile !== undefined && id !== undefined) throw wrong('profile', 'it replaces access_key_id: remove one of them')
  if (kms !== undefined && encryption !== 'aws:kms') throw wrong('kms_key_id', 'it needs encryption: aws:kms')
}
