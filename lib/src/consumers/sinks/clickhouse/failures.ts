import { tlsFault } from '../../../base/networking/index.ts'
import { type ErrorCode, errorMessage, QiError } from '../../../base/types/index.ts'

/** The server in messages. */
export interface Site {
  /** Path of the settings: `destinations.house`. */
  readonly at: string
  /** Address without secrets. */
  readonly peer: string
}

interface Fault {
  readonly codes: readonly number[]
  readonly code: ErrorCode
  /** `at` is replaced by the path of the settings. */
  readonly remedy?: string
}

/** Errors by their numbers in ClickHouse (src/Common/ErrorCodes.cpp). */
const FAULTS: readonly Fault[] = [
  { codes: [192, 193, 194, 516], code: 'UNAUTHORIZED', remedy: 'set at.username and at.password' },
  {
    codes: [164, 291, 497],
    code: 'FORBIDDEN',
    remedy:
      'let its user select, insert, create table, create view and alter table in the database; where it may not create them, do it by hand',
  },
  { codes: [81], code: 'CONFIG_INVALID', remedy: 'create the database, or correct at.database' },
  { codes: [115], code: 'UNSUPPORTED', remedy: 'it needs ClickHouse 22.8 or later' },
  {
    codes: [252],
    code: 'UNAVAILABLE',
    remedy: 'it merges more slowly than records arrive: raise at.batch.max_records, so that there are fewer inserts',
  },
  { codes: [241, 173], code: 'UNAVAILABLE', remedy: 'its memory is used up' },
  { codes: [243], code: 'UNAVAILABLE', remedy: 'its disk is full: free space there' },
  { codes: [201, 202], code: 'UNAVAILABLE', remedy: 'its quota or number of queries is used up' },
]
/** Numbers of errors in the data. */
const OF_DATA = new Set([6, 25, 26, 27, 32, 33, 38, 41, 53, 69, 70, 72, 117, 130, 131, 321, 349, 407, 441, 467, 469, 627, 636])
const MISSING_TABLE = 60
/** Most characters of a server's message that are quoted. */
const LONGEST = 500

/** The number of an error of ClickHouse; undefined for failures of the connection. */
export function numberOf(error: unknown): number | undefined {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^\d+$/.test(code) ? Number(code) : undefined
}

/** True if the records are at fault, not the server. */
export const isOfData = (error: unknown): boolean => OF_DATA.has(numberOf(error) ?? -1)

export const isMissingTable = (error: unknown): boolean => numberOf(error) === MISSING_TABLE

/** Classifies a failure of the server or the connection. */
export function clickhouseFailure(error: unknown, { at, peer }: Site): QiError {
  if (error instanceof QiError) return error
  const failed = (code: ErrorCode, why: string, remedy?: string) =>
    new QiError(
      code,
      `ClickHouse at ${peer}: ${why.slice(0, LONGEST).trim()}${remedy ? `; ${remedy.replaceAll(/\bat\.(?=\w)/g, `${at}.`)}` : ''}`,
      {
        cause: error,
        ...(remedy && { advised: true }),
      },
    )
  const message = errorMessage(error)
  const number = numberOf(error)
  if (number !== undefined) {
    const fault = FAULTS.find(({ codes }) => codes.includes(number))
    if (fault) return failed(fault.code, message, fault.remedy)
    // Most other errors are temporary states of a server or cluster, and retrying costs little.
    return failed('UNAVAILABLE', `${message} (code ${number})`)
  }
  const tls = tlsFault(error, `${at}.tls`)
  if (tls) return failed(tls.code, tls.why, tls.remedy)
  if (/timeout/i.test(message))
    return failed('TIMEOUT', 'no answer within the time allowed', 'raise at.timeout where that is too short')
  if (/abort/i.test(message)) return new QiError('CANCELLED', 'cancelled', { cause: error })
  return failed('UNAVAILABLE', message === '' ? 'the connection failed' : message)
}
