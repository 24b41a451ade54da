import type { ErrorCode } from '../../lib/src/base/types/index.ts'

/** Exit codes of the process; scripts rely on these numbers. */
export const EXIT = { ok: 0, failed: 1, usage: 2, unavailable: 3, notFound: 4, refused: 5, interrupted: 130 } as const
export type Exit = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_SUMMARIES: Readonly<Record<Exit, string>> = {
  [EXIT.ok]: 'done',
  [EXIT.failed]: 'the command failed, a check found a fault, or some records were refused',
  [EXIT.usage]: 'a command, flag, argument or setting is wrong',
  [EXIT.unavailable]: 'a database, broker or provider cannot be reached or is busy; trying again may help',
  [EXIT.notFound]: 'the coin, file, run or other thing asked for does not exist',
  [EXIT.refused]: 'a key, token, password or role is missing or refused',
  [EXIT.interrupted]: 'interrupted by Ctrl-C before it was done',
}

/** Exit codes by error code; a new error code without an exit code does not compile. */
export const EXIT_OF_CODE: Readonly<Record<ErrorCode, Exit>> = {
  CONFIG_INVALID: EXIT.usage,
  BAD_REQUEST: EXIT.usage,
  UNAUTHORIZED: EXIT.refused,
  FORBIDDEN: EXIT.refused,
  NOT_FOUND: EXIT.notFound,
  METHOD_NOT_ALLOWED: EXIT.usage,
  CONFLICT: EXIT.failed,
  RATE_LIMITED: EXIT.unavailable,
  UNAVAILABLE: EXIT.unavailable,
  TIMEOUT: EXIT.unavailable,
  BAD_DATA: EXIT.failed,
  UNSUPPORTED: EXIT.failed,
  CANCELLED: EXIT.interrupted,
  CLOSED: EXIT.failed,
  INTERNAL: EXIT.failed,
}
