import { tlsFault } from '../../../base/networking/index.ts'
import { type ErrorCode, errorMessage, QiError, systemCode } from '../../../base/types/index.ts'

/** The server in messages. */
export interface Site {
  /** Path of the settings: `destinations.desk`. */
  readonly at: string
  /** Address without secrets. */
  readonly peer: string
}

interface Reply {
  readonly says: RegExp
  readonly code: ErrorCode
  /** `at` is replaced by the path of the settings. */
  readonly remedy?: string
}

/** Error replies by their beginning. */
const REPLIES: readonly Reply[] = [
  {
    says: /^(?:WRONGPASS|NOAUTH|ERR (?:invalid password|AUTH|Client sent AUTH))/,
    code: 'UNAUTHORIZED',
    remedy: 'set at.password, and at.username where it is not "default"',
  },
  {
    says: /NOPERM|^ERR (?:The user executing the script|ACL failure in script)/,
    code: 'FORBIDDEN',
    remedy:
      'let its user run evalsha, eval, time, hget, hset and pexpireat (publish and xadd where readers are notified) on keys and channels that begin with at.prefix',
  },
  {
    says: /^OOM|\bOOM command not allowed/,
    code: 'UNAVAILABLE',
    remedy: 'its memory is full: raise maxmemory, shorten at.ttl, or set maxmemory-policy to volatile-ttl',
  },
  {
    says: /^(?:MOVED|CROSSSLOT)/,
    code: 'CONFIG_INVALID',
    remedy: 'it belongs to a cluster: name its servers in at.cluster instead of at.url',
  },
  { says: /^ERR This instance has cluster support disabled/, code: 'CONFIG_INVALID', remedy: 'it is not a cluster: give at.url' },
  {
    says: /^ERR (?:DB index is out of range|SELECT is not allowed)/,
    code: 'CONFIG_INVALID',
    remedy: 'correct the number of the database in at.url',
  },
  {
    says: /^(?:READONLY|LOADING|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|ASK|BUSY|NOREPLICAS|MISCONF|UNBLOCKED|ERR max number of clients)/,
    code: 'UNAVAILABLE',
  },
  { says: /^ERR unknown command/, code: 'UNSUPPORTED', remedy: 'it needs Redis 6.2 or later with EVALSHA' },
]

/** Classifies a failure of the server or the connection. @param isReply true for an error reply of the server */
export function redisFailure(error: unknown, isReply: boolean, { at, peer }: Site): QiError {
  if (error instanceof QiError) return error
  const message = errorMessage(error)
  const failed = (code: ErrorCode, why: string, remedy?: string) =>
    new QiError(code, `Redis at ${peer}: ${why}${remedy ? `; ${remedy.replaceAll(/\bat\.(?=\w)/g, `${at}.`)}` : ''}`, {
      cause: error,
      ...(remedy && { advised: true }),
    })
  if (isReply) {
    const reply = REPLIES.find(({ says }) => says.test(message))
    return failed(reply?.code ?? 'INTERNAL', message, reply?.remedy)
  }
  const fault = tlsFault(error, `${at}.tls`)
  if (fault) return failed(fault.code, fault.why, fault.remedy)
  return failed('UNAVAILABLE', message === '' ? (systemCode(error) ?? 'the connection failed') : message)
}
