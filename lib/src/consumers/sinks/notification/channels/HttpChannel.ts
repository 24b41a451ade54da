import { type CheckResult, QiError } from '../../../../base/types/index.ts'
import { judge } from '../../shared/http/answers.ts'
import { HttpTarget, type HttpTargetOptions } from '../../shared/http/HttpTarget.ts'
import type { Message } from '../message.ts'
import type { Channel } from './channel.ts'

export interface HttpChannelOptions extends HttpTargetOptions {
  readonly kind: string
  readonly headers?: Readonly<Record<string, string>>
  /** The body of a message, in JSON. */
  readonly body: (message: Message) => object
}

/** A channel that takes each message as a POST of JSON. */
export class HttpChannel implements Channel {
  readonly to: string
  readonly #options: HttpChannelOptions
  readonly #target: HttpTarget

  constructor(options: HttpChannelOptions) {
    this.#options = options
    this.#target = new HttpTarget(options)
    this.to = `${options.kind} at ${this.#target.origin}`
  }

  async send(message: Message, signal?: AbortSignal): Promise<void> {
    const { url, headers, body } = this.#options
    const answer = await this.#target.send(
      {
        url,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: Buffer.from(JSON.stringify(body(message))),
      },
      signal,
    )
    const refused = judge(answer, this.#target)
    // CONFIG_INVALID instead of BAD_DATA: the platform made the message, so others would be refused too.
    if (refused) throw new QiError('CONFIG_INVALID', `${this.#target.at}: ${refused.message}: check its settings`)
  }

  check(): Promise<CheckResult> {
    return this.#target.check()
  }

  close(): Promise<void> {
    return this.#target.close()
  }
}
