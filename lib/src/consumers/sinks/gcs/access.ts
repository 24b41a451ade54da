import { readFile } from 'node:fs/promises'
import type { GoogleAuth, JWT } from 'google-auth-library'
import { z } from 'zod'
import { excerpt, redaction, withTimeout } from '../../../base/networking/index.ts'
import { errorMessage, optionalPackage, QiError } from '../../../base/types/index.ts'
import type { GcsSettings } from './settings.ts'

const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write'
/** Bound of getting a token, in milliseconds. */
const TOKEN_MS = 20_000

/** Returns the headers that authorize a request. @throws QiError */
export type Access = () => Promise<Readonly<Record<string, string>>>

/** Access by the configured key, or by the default credentials of the environment, gcloud or the machine. @throws QiError */
export async function openAccess(settings: GcsSettings, destination: string): Promise<Access> {
  if (settings.anonymous) return async () => ({})
  const type = { neededBy: `destinations.${destination}.type "gcs"`, field: `destinations.${destination}.type` }
  const library = await optionalPackage<typeof import('google-auth-library')>({ name: 'google-auth-library', major: 11, ...type })
  const key = await keyOf(settings, destination)
  const auth = key
    ? new library.JWT({ email: key.account.client_email, key: key.account.private_key, scopes: [SCOPE] })
    : new library.GoogleAuth({ scopes: [SCOPE] })
  return () => headersFrom(auth, destination, key)
}

const accountSchema = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
})
type Account = z.output<typeof accountSchema>

interface Key {
  readonly setting: 'key_file' | 'credentials'
  readonly account: Account
}

async function keyOf({ key_file, credentials }: GcsSettings, destination: string): Promise<Key | undefined> {
  const setting = key_file !== undefined ? 'key_file' : 'credentials'
  const at = `destinations.${destination}.${setting}`
  try {
    const text = key_file === undefined ? credentials : await readFile(key_file, 'utf8')
    if (text === undefined) return undefined
    return { setting, account: accountIn(text) }
  } catch (error) {
    throw new QiError('CONFIG_INVALID', `${at}: ${errorMessage(error)}; give the JSON key of a service account`, { field: at })
  }
}

/** Parses the key of a service account. Errors do not quote it, as JSON.parse would. */
function accountIn(text: string): Account {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error('it is not JSON')
  }
  const account = accountSchema.safeParse(value)
  if (account.success) return account.data
  throw new Error('it has no "type" service_account with client_email and private_key')
}

async function headersFrom(
  auth: GoogleAuth | JWT,
  destination: string,
  key: Key | undefined,
): Promise<Readonly<Record<string, string>>> {
  try {
    return Object.fromEntries(await withTimeout(TOKEN_MS, 'a token of Google Cloud', () => auth.getRequestHeaders()))
  } catch (error) {
    throw tokenFailure(error, `destinations.${destination}.${key?.setting ?? 'key_file'}`, key)
  }
}

/** UNAUTHORIZED for a refused key, which is not retried; UNAVAILABLE for the rest. */
function tokenFailure(error: unknown, field: string, key: Key | undefined): QiError {
  if (error instanceof QiError) return error
  const said = excerpt(errorMessage(error), redaction([key?.account.private_key]), 200)
  const { status = 0 } = (error as { response?: { status?: number } }).response ?? {}
  const refused =
    (status >= 400 && status < 500 && status !== 429) ||
    /default credentials|private key|PEM|DECODER|asn1|invalid_grant/i.test(said)
  if (!refused) return new QiError('UNAVAILABLE', `no token of Google Cloud: ${said}`, { cause: error })
  const remedy = key
    ? 'give the key of an existing service account'
    : 'set key_file, GOOGLE_APPLICATION_CREDENTIALS, or run gcloud auth application-default login'
  return new QiError('UNAUTHORIZED', `${field}: no token of Google Cloud: ${said}; ${remedy}`, {
    cause: error,
    field,
    advised: true,
  })
}
