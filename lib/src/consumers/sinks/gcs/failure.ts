import { excerpt, type Redact, retryAfterOf } from '../../../base/networking/index.ts'
import { QiError } from '../../../base/types/index.ts'

export interface FailurePlace {
  readonly destination: string
  readonly bucket: string
  /** The bucket with its endpoint. */
  readonly place: string
  readonly redact: Redact
}

const BUSY: readonly number[] = [408, 409, 410, 412]

/** Classifies an answer that is not a success: retryable where it is temporary, else with the setting to correct. */
export async function gcsFailure(answer: Response, { destination, bucket, place, redact }: FailurePlace): Promise<QiError> {
  const { status } = answer
  const said = messageOf(excerpt(await answer.text().catch(() => ''), redact, 1000))
  const refused = (code: 'UNAUTHORIZED' | 'FORBIDDEN' | 'NOT_FOUND', setting: string, why: string) => {
    const field = `destinations.${destination}.${setting}`
    return new QiError(code, `${field}: ${place}: ${why}`, { field, advised: true })
  }
  if (status === 401)
    return refused(
      'UNAUTHORIZED',
      'key_file',
      `the credentials are refused: ${said}; give the key of an existing service account`,
    )
  if (status === 403)
    return refused(
      'FORBIDDEN',
      'bucket',
      `${said}; allow this account to create, get and list its objects (roles/storage.objectUser)`,
    )
  if (status === 404)
    return refused('NOT_FOUND', 'bucket', `there is no bucket "${bucket}" (${said}): create it, or correct the name`)
  const retryAfterMs = retryAfterOf(answer.headers)
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs }
  if (status === 429) return new QiError('RATE_LIMITED', `${place}: ${said}`, wait)
  if (status >= 500 || BUSY.includes(status)) return new QiError('UNAVAILABLE', `${place}: ${status}: ${said}`, wait)
  return new QiError('BAD_REQUEST', `${place}: it refuses with ${status}: ${said}`)
}

/** The message in an error of Google's APIs, else the beginning of the text. */
function messageOf(text: string): string {
  const message = /"message": ?"((?:[^"\\]|\\.){1,300})"/.exec(text)?.[1]
  return message ?? (text.slice(0, 200) || 'no reason is given')
}
