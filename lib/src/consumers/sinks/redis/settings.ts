import { readTls, type TlsSettings, tlsProblems } from '../../../base/networking/index.ts'
import { parseDuration, passwordProblem, passwordsIn, protectSecrets, QiError } from '../../../base/types/index.ts'
import { Connection, shown } from './connect.ts'
import type { Notify } from './script.ts'

interface Given {
  readonly url: string
  readonly cluster?: readonly string[] | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly tls: TlsSettings
  readonly notify: Notify
  readonly timeout: string
}

/**
 * Opens the configured connection.
 * @throws QiError CONFIG_INVALID naming the setting, where settings are invalid or contradict one another
 */
export function connectionOf(name: string, given: Given): Promise<Connection> {
  const { url, cluster, username, password, notify, timeout } = given
  const at = `destinations.${name}`
  const urls = cluster ?? [url]
  protectSecrets([password, ...urls.flatMap(passwordsIn)])
  const invalid = (setting: string, message: string) =>
    new QiError('CONFIG_INVALID', `${at}.${setting}: ${message}`, { field: `${at}.${setting}` })
  const [tlsProblem] = tlsProblems(given.tls)
  if (tlsProblem) throw invalid(tlsProblem.path.join('.'), tlsProblem.message)
  const setting = cluster ? 'cluster' : 'url'
  for (const one of urls) {
    const problem = passwordProblem(one)
    if (problem) throw invalid(setting, problem)
    if (!URL.canParse(one)) throw invalid(setting, `${shown([one])} is not an address; give redis://HOST:PORT`)
    const { pathname, username: user, password: word } = new URL(one)
    if (!/^\/?\d*$/.test(pathname)) throw invalid(setting, `${pathname} is not the number of a database`)
    if (cluster && pathname.length > 1) throw invalid(setting, 'a cluster has one database: leave out the path of the address')
    if ((password !== undefined && word !== '') || (username !== undefined && user !== ''))
      throw invalid(setting, 'the address has a user or password too: give it in one place')
  }
  if (cluster && notify === 'stream')
    throw invalid('notify', '"stream" needs a single server, because a script of a cluster can only use one slot; use pubsub')
  const secured = urls.some((one) => one.startsWith('rediss:'))
  if (secured && given.tls.enabled === false)
    throw invalid('tls.enabled', `${setting} begins with rediss, which turns TLS on: give it in one place`)
  const tls = readTls({ ...given.tls, ...(secured && { enabled: true }) }, `${at}.tls`)
  return Connection.open({
    ...{ name, at, peer: shown(urls), url, cluster, username, password, tls },
    timeoutMs: parseDuration(timeout),
  })
}
