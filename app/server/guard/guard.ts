import type { Pool } from '../../../lib/src/base/database/index.ts'
import { isLoopback } from '../../../lib/src/base/networking/index.ts'
import { type Logger, QiError } from '../../../lib/src/base/types/index.ts'
import { type Role, TokenBook } from '../../../lib/src/mcp-tools/index.ts'
import type { ServerSettings } from '../served.ts'
import { isOwnHost, isOwnOrigin } from './hosts.ts'
import { tokenCheck, tokenOf } from './token.ts'

/** The headers that tell where a request comes from. */
export interface Site {
  readonly host?: string | undefined
  readonly origin?: string | undefined
  /** `Sec-Fetch-Site`, which browsers set and pages cannot. */
  readonly fetchSite?: string | undefined
}

/** An authenticated caller. */
export interface Identity {
  readonly name: string
  readonly role: Role
  /** Id of the caller's token, if it is one that can be revoked. */
  readonly id?: string
}

export interface Guard {
  /** @throws QiError FORBIDDEN for a foreign Host header or a page of a foreign origin */
  checkSite(site: Site): void
  /** The same for requests that may change something; also refuses a foreign page that shows in Sec-Fetch-Site alone. @throws QiError FORBIDDEN */
  checkWritingSite(site: Site): void
  /** The caller of an Authorization header; undefined if a token is needed and it is missing or wrong. */
  identify(authorization: string | undefined): Identity | undefined | Promise<Identity | undefined>
  /** The holder of a token. */
  holderOf(token: string): Identity | undefined | Promise<Identity | undefined>
  /**
   * For connections that outlast a request: calls back once when the token is revoked or expires.
   * @param token id of the caller's token; undefined if it has none that can be revoked
   * @returns ends the watch
   */
  whenRevoked(token: string | undefined, onRevoked: () => void): () => void
  /** The other origins that may read answers. */
  readonly origins: readonly string[]
}

export interface GuardParts {
  /** Pool of the store that has the tokens. */
  readonly pool: () => Pool
  readonly logger: Logger
}

export function createGuard(
  { host, token, origins = [], loopback_role: loopbackRole }: ServerSettings,
  { pool, logger }: GuardParts,
): Guard {
  const isConfigured = token === undefined ? () => false : tokenCheck(token)
  const book = new TokenBook(pool, logger)
  const withoutToken = isLoopback(host) ? (loopbackRole ?? (token === undefined ? 'admin' : 'none')) : 'none'
  const stranger: Identity | undefined = withoutToken === 'none' ? undefined : { name: 'loopback', role: withoutToken }
  const holderOf = (given: string) => (isConfigured(given) ? CONFIGURED : book.find(given))
  return {
    origins,
    holderOf,
    whenRevoked: (id, onRevoked) => (id === undefined ? () => {} : book.watch(id, onRevoked)),
    checkSite({ host: name, origin }) {
      // On any other address the token protects, which a foreign page does not have.
      if (isLoopback(host) && !isOwnHost(name, origins))
        throw new QiError(
          'FORBIDDEN',
          `the Host header "${short(name)}" is not a name of this server; use 127.0.0.1 or localhost`,
          { field: 'host' },
        )
      if (!isOwnOrigin(origin, name, origins))
        throw new QiError(
          'FORBIDDEN',
          `pages of ${short(origin)} may not use this server; add the origin to server.origins in qicore.yaml`,
          { field: 'origin' },
        )
    },
    checkWritingSite(site) {
      this.checkSite(site)
      const { origin, fetchSite } = site
      if (fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none') return
      // Not a page of this server, which sends same-origin: its origin must be configured.
      if (origin === undefined || !origins.includes(origin))
        throw new QiError(
          'FORBIDDEN',
          `a page of another site may not write here (Sec-Fetch-Site: ${short(fetchSite)}); add its origin to server.origins in qicore.yaml`,
          { field: 'sec-fetch-site' },
        )
    },
    identify(authorization) {
      if (authorization === undefined) return stranger
      const given = tokenOf(authorization)
      return given === undefined ? undefined : holderOf(given)
    },
  }
}

/** The holder of `server.token` (QICORE_TOKEN). */
const CONFIGURED: Identity = { name: 'server.token', role: 'admin' }

/** The reason with which connections are closed when their token ends. */
export const REVOKED = 'the token was revoked or has expired'

export const unauthorized = (): QiError =>
  new QiError(
    'UNAUTHORIZED',
    'the token is missing, wrong, expired or revoked; send "Authorization: Bearer TOKEN" with the value of QICORE_TOKEN, or a token made by qicore token create',
    { field: 'authorization' },
  )

const short = (text = ''): string => text.slice(0, 100)
