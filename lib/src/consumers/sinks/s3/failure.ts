import { excerpt, type Redact } from '../../../base/networking/index.ts'
import { errorMessage, QiError, systemCode, toQiError } from '../../../base/types/index.ts'

export interface FailurePlace {
  readonly destination: string
  readonly bucket: string
  /** The bucket with its endpoint. */
  readonly place: string
  /** Removes the keys from messages of the server. */
  readonly redact: Redact
}

interface SdkError {
  readonly name?: unknown
  readonly Code?: unknown
  readonly $metadata?: { readonly httpStatusCode?: number }
}

const statusOf = (error: unknown): number => (error as SdkError)?.$metadata?.httpStatusCode ?? 0
const nameOf = (error: unknown): string => {
  const { name, Code } = (error ?? {}) as SdkError
  return String(Code ?? name ?? '')
}

/** True where the condition of a put does not hold, or another put of the key is under way. */
export const isConflict = (error: unknown): boolean =>
  statusOf(error) === 412 || nameOf(error) === 'ConditionalRequestConflict' || nameOf(error) === 'PreconditionFailed'

/** True where there is no such object. */
export const isMissing = (error: unknown): boolean => statusOf(error) === 404 && nameOf(error) !== 'NoSuchBucket'

const NOBODY = ['InvalidAccessKeyId', 'XAdminUserNotFound'] // the second is versitygw's
const KEYS = [...NOBODY, 'SignatureDoesNotMatch', 'InvalidToken', 'ExpiredToken', 'TokenRefreshRequired', 'NotSignedUp']
const REGIONS = ['PermanentRedirect', 'IllegalLocationConstraintException', 'AuthorizationHeaderMalformed', 'TemporaryRedirect']
const BUSY = [
  'SlowDown',
  'RequestTimeout',
  'InternalError',
  'ServiceUnavailable',
  'OperationAborted',
  'NoSuchUpload',
  'QuotaExceeded',
]
const RATES = ['TooManyRequests', 'TooManyRequestsException', 'ThrottlingException', 'Throttling', 'RequestLimitExceeded']

/** Classifies a failure of the SDK: retryable where it is temporary, else with the setting to correct. */
export function s3Failure(error: unknown, { destination, bucket, place, redact }: FailurePlace, once = false): QiError {
  if (error instanceof QiError) return error
  const [name, status] = [nameOf(error), statusOf(error)]
  const said = excerpt(errorMessage(error), redact, 200)
  const cause = { cause: error }
  const at = (setting: string) => `destinations.${destination}.${setting}`
  const refused = (code: 'UNAUTHORIZED' | 'FORBIDDEN' | 'NOT_FOUND' | 'CONFIG_INVALID', setting: string, why: string) =>
    new QiError(code, `${at(setting)}: ${place}: ${why}`, { ...cause, field: at(setting), advised: true })

  if (name === 'NoSuchBucket')
    return refused('NOT_FOUND', 'bucket', `there is no bucket "${bucket}": create it, or correct the name`)
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError')
    return refused(
      'UNAUTHORIZED',
      'access_key_id',
      `no credentials were found (${said}): set access_key_id and secret_access_key, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile`,
    )
  if (KEYS.includes(name) || status === 401) {
    const setting = NOBODY.includes(name) ? 'access_key_id' : /Token/.test(name) ? 'session_token' : 'secret_access_key'
    return refused('UNAUTHORIZED', setting, `the credentials are refused, ${name}: ${said}; correct them`)
  }
  if (name === 'RequestTimeTooSkewed')
    return new QiError('UNAVAILABLE', `${place}: the clock of this machine differs from the service's: set it (${said})`, cause)
  if (REGIONS.includes(name) || /region is missing/i.test(said))
    return refused('CONFIG_INVALID', 'region', `${name}: ${said}; write the region of the bucket`)
  if (name === 'NotImplemented' || status === 501) return new QiError('UNSUPPORTED', `${place}: ${name}: ${said}`, cause)
  if (RATES.includes(name) || status === 429) return new QiError('RATE_LIMITED', `${place}: ${name}: ${said}`, cause)
  if (status >= 500 || status === 408 || status === 409 || BUSY.includes(name))
    return new QiError('UNAVAILABLE', `${place}: ${status || ''} ${name}: ${said}`, cause)
  if (status === 403)
    return refused(
      'FORBIDDEN',
      'bucket',
      `${name}: ${said}; allow these credentials to put, get and list its objects (s3:PutObject, s3:GetObject, s3:ListBucket)`,
    )
  // The answer of some services to a condition that they do not support.
  if (once && status === 400 && /If-None-Match|condition/i.test(said))
    return new QiError('UNSUPPORTED', `${place}: ${said}`, cause)
  if (status >= 300) return new QiError('BAD_REQUEST', `${place}: it refuses with ${status} ${name}: ${said}`, cause)
  // The SDK reports a reset connection as a timeout.
  if (name === 'TimeoutError' && systemCode(error) !== undefined) return new QiError('UNAVAILABLE', `${place}: ${said}`, cause)
  const other = toQiError(error)
  return new QiError(other.code, `${place}: ${other.message}`, { ...cause, retryable: other.retryable })
}
