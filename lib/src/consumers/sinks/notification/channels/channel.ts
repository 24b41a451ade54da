import type { CheckResult } from '../../../../base/types/index.ts'
import type { Message } from '../message.ts'

/** A service that delivers messages to people. */
export interface Channel {
  /** Its kind and host, without secrets. */
  readonly to: string
  /** @throws QiError retryable for temporary failures; any other where every message would be refused */
  send(message: Message, signal?: AbortSignal): Promise<void>
  /** Checks that the service can be reached; sends no message. */
  check(): Promise<CheckResult>
  close(): Promise<void>
}
