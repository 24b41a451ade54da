import { ProtocolError, ProtocolErrorCode, SdkError, SdkErrorCode } from '@modelcontextprotocol/client'
import { type ErrorCode, errorMessage, QiError, systemCode, toQiError } from '../../base/types/index.ts'

/** A failure of the client library as a QiError. */
export function classify(error: unknown, what: string): QiError {
  if (error instanceof QiError) return error
  const told = (code: ErrorCode) => new QiError(code, `${what}: ${errorMessage(error)}`, { cause: error })
  if (error instanceof ProtocolError) {
    if (error.code === ProtocolErrorCode.InvalidParams) return told('BAD_REQUEST')
    if (error.code === ProtocolErrorCode.MethodNotFound) return told('NOT_FOUND')
    // Some servers report a failed tool in this way: it was reached, and the error is its answer.
    return new QiError('BAD_DATA', `${what}: it failed with error ${error.code}: ${errorMessage(error)}`, { cause: error })
  }
  if (error instanceof SdkError) {
    if (error.code === SdkErrorCode.RequestTimeout) return told('TIMEOUT')
    if (isLost(error)) return told('UNAVAILABLE')
    return told('BAD_DATA')
  }
  if (systemCode(error) || error instanceof TypeError) return told('UNAVAILABLE')
  const { code } = toQiError(error)
  return told(code === 'INTERNAL' ? 'UNAVAILABLE' : code)
}

/** True if the connection is gone, false if only one request failed. */
export const isLost = (error: unknown): boolean =>
  error instanceof SdkError &&
  (error.code === SdkErrorCode.ConnectionClosed ||
    error.code === SdkErrorCode.SendFailed ||
    error.code === SdkErrorCode.NotConnected)
