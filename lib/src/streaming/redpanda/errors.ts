import { tlsFault } from '../../base/networking/index.ts'
import { type ErrorCode, type ErrorDetails, errorMessage, QiError, systemCode } from '../../base/types/index.ts'

/** Our code for each error of the protocol. An error that is not listed is a retryable failure of the broker. */
const PROTOCOL: Readonly<Record<string, ErrorCode>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'NOT_FOUND',
  UNKNOWN_TOPIC_ID: 'NOT_FOUND',
  GROUP_ID_NOT_FOUND: 'NOT_FOUND',
  TOPIC_ALREADY_EXISTS: 'CONFLICT',
  NON_EMPTY_GROUP: 'CONFLICT',
  GROUP_SUBSCRIBED_TO_TOPIC: 'CONFLICT',
  INCONSISTENT_GROUP_PROTOCOL: 'CONFLICT',
  MESSAGE_TOO_LARGE: 'BAD_REQUEST',
  RECORD_LIST_TOO_LARGE: 'BAD_REQUEST',
  INVALID_TOPIC_EXCEPTION: 'BAD_REQUEST',
  INVALID_PARTITIONS: 'BAD_REQUEST',
  INVALID_REPLICATION_FACTOR: 'BAD_REQUEST',
  INVALID_CONFIG: 'BAD_REQUEST',
  INVALID_REQUEST: 'BAD_REQUEST',
  INVALID_GROUP_ID: 'BAD_REQUEST',
  INVALID_SESSION_TIMEOUT: 'BAD_REQUEST',
  POLICY_VIOLATION: 'BAD_REQUEST',
  OFFSET_OUT_OF_RANGE: 'BAD_REQUEST',
  SASL_AUTHENTICATION_FAILED: 'UNAUTHORIZED',
  ILLEGAL_SASL_STATE: 'UNAUTHORIZED',
  UNSUPPORTED_SASL_MECHANISM: 'UNAUTHORIZED',
  TOPIC_AUTHORIZATION_FAILED: 'FORBIDDEN',
  GROUP_AUTHORIZATION_FAILED: 'FORBIDDEN',
  CLUSTER_AUTHORIZATION_FAILED: 'FORBIDDEN',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'FORBIDDEN',
  TOPIC_DELETION_DISABLED: 'FORBIDDEN',
  REQUEST_TIMED_OUT: 'TIMEOUT',
  THROTTLING_QUOTA_EXCEEDED: 'RATE_LIMITED',
  UNSUPPORTED_VERSION: 'UNSUPPORTED',
  UNSUPPORTED_COMPRESSION_TYPE: 'UNSUPPORTED',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'UNSUPPORTED',
  CORRUPT_MESSAGE: 'BAD_DATA',
  INVALID_RECORD: 'BAD_DATA',
}

/** Our code for each error code of the library. */
const LIBRARY: Readonly<Record<string, ErrorCode>> = {
  PLT_KFK_AUTHENTICATION: 'UNAUTHORIZED',
  PLT_KFK_UNSUPPORTED_API: 'UNSUPPORTED',
  PLT_KFK_UNSUPPORTED_COMPRESSION: 'UNSUPPORTED',
  PLT_KFK_UNSUPPORTED: 'UNSUPPORTED',
  PLT_KFK_NETWORK: 'UNAVAILABLE',
}

const REMEDIES: Partial<Record<ErrorCode, string>> = {
  UNAUTHORIZED: 'check redpanda.sasl.mechanism, username and password',
  FORBIDDEN: 'ask for an ACL that allows it',
  UNAVAILABLE: 'check REDPANDA_BROKERS and that the broker runs',
  TIMEOUT: 'the broker accepts connections but is slow or stopped',
}

interface Fault {
  readonly code?: unknown
  readonly apiId?: unknown
  readonly closed?: unknown
  readonly message: string
  readonly serverErrorMessage?: unknown
}

/** An error and all its causes, nearest first. */
export function causes(error: unknown, depth = 0): readonly Fault[] {
  if (!(error instanceof Error) || depth > 12) return []
  const inner: readonly unknown[] = error instanceof AggregateError ? error.errors : []
  return [error as Fault, ...inner.flatMap((one) => causes(one, depth + 1)), ...causes(error.cause, depth + 1)]
}

/** True if one of the named protocol errors is among the causes. */
export const hasApiError = (error: unknown, ...ids: readonly string[]): boolean =>
  causes(error).some((fault) => typeof fault.apiId === 'string' && ids.includes(fault.apiId))

/**
 * Classifies a failure of the cluster. Every error of this folder that comes from the library passes through here.
 * @param doing the action that failed, for example `append to topic prices`
 */
export function kafkaError(error: unknown, doing: string, address: string): QiError {
  if (error instanceof QiError) return error
  const faults = causes(error)
  const fail = (code: ErrorCode, why: string, details: ErrorDetails & { remedy?: string } = {}): QiError => {
    const { remedy = REMEDIES[code], ...rest } = details
    return new QiError(code, `cannot ${doing} (Kafka at ${address}): ${why}${remedy ? `; ${remedy}` : ''}`, {
      cause: error,
      ...rest,
    })
  }
  if (faults.some((fault) => fault.closed === true)) return fail('CLOSED', 'the stream was closed')

  const protocol = faults.filter((fault) => typeof fault.apiId === 'string')
  const known = protocol.find((fault) => PROTOCOL[fault.apiId as string])
  if (known) return fail(PROTOCOL[known.apiId as string] as ErrorCode, describe(known))

  const unknownTopic = faults.find((fault) => fault.code === 'PLT_KFK_USER' && fault.message.startsWith('Unknown topic'))
  if (unknownTopic) return fail('NOT_FOUND', 'no such topic')
  const tls = tlsFault(error, 'redpanda.tls')
  if (tls) return fail(tls.code, tls.why, { retryable: false, remedy: tls.remedy })
  const handshake = faults.find(({ message }) => /\bTLS\b/.test(message))
  if (handshake)
    return fail('UNAVAILABLE', `TLS failed: ${handshake.message}`, {
      retryable: false,
      remedy: 'check redpanda.tls and that this port speaks TLS',
    })
  if (faults.some((fault) => LIBRARY[String(fault.code)] === 'UNAUTHORIZED'))
    return fail('UNAUTHORIZED', 'the broker refused to sign us in')
  if (protocol[0]) return fail('UNAVAILABLE', describe(protocol[0]), { remedy: 'try again' })

  const system = systemCode(error)
  if (system) return fail('UNAVAILABLE', deepest(faults, system))
  if (faults.some((fault) => /timed out/i.test(fault.message))) return fail('TIMEOUT', 'no answer in time')
  const library = faults.find((fault) => LIBRARY[String(fault.code)])
  if (library) return fail(LIBRARY[String(library.code)] as ErrorCode, library.message)
  return fail('INTERNAL', errorMessage(error))
}

const describe = (fault: Fault): string =>
  `${String(fault.apiId)}: ${typeof fault.serverErrorMessage === 'string' && fault.serverErrorMessage ? fault.serverErrorMessage : fault.message}`

const deepest = (faults: readonly Fault[], code: string): string =>
  faults.findLast((fault) => fault.code === code)?.message || code
