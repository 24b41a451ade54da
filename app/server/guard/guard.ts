import { isLoopback, QiError } from '../../../lib/src/base/index.ts'
import type { ServerSettings } from '../served.ts'
import { isOwnHost, isOwnOrigin } from './hosts.ts'
import { tokenCheck, tokenOf } from './token.ts'

/** The headers by which it is decided who may do what. */
export interface Caller {
  readonly host?: string | undefined
  readonly origin?: string | undefined
  readonly authorization?: string | undefined
}

export interface Guard {
  /** @throws QiError FORBIDDEN for a foreign name of this server or a foreign page */
  checkSite(caller: Caller): void
  /** Whether the caller has proved to know the token; without a configured token everybody may do everything. */
  isAuthorized(caller: Caller): boolean
  /** Whether this is the token. */
  accepts(token: string): boolean
  /** The other origins that may read answers. */
  readonly origins: readonly string[]
}

export function createGuard({ host, token, origins = [] }: ServerSettings): Guard {
  const accepts = token === undefined ? () => true : tokenCheck(token)
  return {
    origins,
    accepts,
    checkSite(caller) {
      // Off loopback the token protects: a foreign page does not have it.
      if (isLoopback(host) && !isOwnHost(caller.host, origins))
        throw new QiError(
          'FORBIDDEN',
          `the Host header "${short(caller.host)}" is not a name of this server; use 127.0.0.1 or localhost`,
          { field: 'host' },
        )
      if (!isOwnOrigin(caller.origin, caller.host, origins))
        throw new QiError(
          'FORBIDDEN',
          `pages of ${short(caller.origin)} may not use this server; add the origin to server.origins in qicore.yaml`,
          { field: 'origin' },
        )
    },
    isAuthorized(caller) {
      if (token === undefined) return true
      const given = tokenOf(caller.authorization)
      return given !== undefined && accepts(given)
    },
  }
}

export const unauthorized = (): QiError =>
  new QiError(
    'UNAUTHORIZED',
    'the token is missing or wrong; send "Authorization: Bearer TOKEN" with the value of QICORE_TOKEN',
    { field: 'authorization' },
  )

const short = (text = ''): string => text.slice(0, 100)
