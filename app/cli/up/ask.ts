import { HttpClient } from '../../../lib/src/base/networking/index.ts'
import { errorMessage, QiError } from '../../../lib/src/base/types/index.ts'
import { isTrusted } from '../claim/project.ts'

/** The answer of `/health`; the server's schemas say more. */
export interface Health {
  readonly status: 'up' | 'degraded' | 'down'
  readonly parts: readonly Part[]
}

export interface Part {
  readonly name: string
  readonly status: Health['status']
  readonly since: string
  readonly summary?: string
  readonly action?: string
}

const PATIENCE_MS = 8_000

/**
 * The answer of a running platform at the address that its socket told.
 * @throws QiError FORBIDDEN if the token must not be sent to that address; UNAVAILABLE
 */
export async function askPlatform<T>(
  url: string,
  path: string,
  server: { readonly host: string; readonly port: number; readonly token?: string | undefined },
  signal: AbortSignal,
): Promise<T> {
  if (!isTrusted(url, server))
    throw new QiError(
      'FORBIDDEN',
      `the address of the platform, ${url}, is neither this machine nor server.host: the token is not sent there; open the address yourself`,
    )
  const { token } = server
  try {
    await using http = new HttpClient({ bounds: { totalMs: PATIENCE_MS }, secrets: [token] })
    const response = await http.fetch(`${url}${path}`, { headers: token ? { authorization: `Bearer ${token}` } : {}, signal })
    // A platform that is down answers 503, with its health in the body.
    if (!response.ok && response.status !== 503) throw new Error(`it answers ${response.status}`)
    return (await response.json()) as T
  } catch (error) {
    throw new QiError('UNAVAILABLE', `${url}${path}: ${errorMessage(error)}`, { cause: error })
  }
}
