import { readTls, type TlsSettings, tlsProblems, tlsWanted } from '../../../base/networking/index.ts'
import { parseDuration, passwordProblem, protectSecrets, QiError } from '../../../base/types/index.ts'
import { Server, shown } from './Server.ts'

interface Given {
  readonly url: string
  readonly database: string
  readonly username: string
  readonly password: string
  readonly compression: boolean
  readonly tls: TlsSettings
  readonly timeout: string
}

/**
 * Opens the configured server.
 * @throws QiError CONFIG_INVALID naming the setting, where settings are invalid or contradict one another
 */
export function serverOf(name: string, given: Given): Promise<Server> {
  const { url, database, username, password, compression, timeout } = given
  const at = `destinations.${name}`
  protectSecrets([password])
  const invalid = (setting: string, message: string) =>
    new QiError('CONFIG_INVALID', `${at}.${setting}: ${message}`, { field: `${at}.${setting}` })
  const [tlsProblem] = tlsProblems(given.tls)
  if (tlsProblem) throw invalid(tlsProblem.path.join('.'), tlsProblem.message)
  const problem = passwordProblem(url)
  if (problem) throw invalid('url', problem)
  const address = URL.parse(url)
  if (!address) throw invalid('url', `${shown(url)} is not an address; give http://HOST:8123`)
  if (address.username !== '' || address.password !== '')
    throw invalid('url', `it has a user or password: give ${at}.username and ${at}.password instead`)
  // The client reads parameters as settings of its own.
  if (address.search !== '') throw invalid('url', 'leave out the part after the question mark: there are settings for it')
  const secured = address.protocol === 'https:'
  if (!secured && tlsWanted(given.tls)) throw invalid('tls', 'it needs a url that begins with https:')
  const tls = readTls({ ...given.tls, ...(secured && { enabled: true }) }, `${at}.tls`)
  return Server.open({
    ...{ at, peer: shown(url), url, database, username, password, compression },
    tls: secured ? tls : undefined,
    timeoutMs: parseDuration(timeout),
  })
}
