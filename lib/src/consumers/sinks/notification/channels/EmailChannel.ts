import type { Transporter } from 'nodemailer'
import { type CheckResult, QiError, toQiError } from '../../../../base/types/index.ts'
import { type Message, within } from '../message.ts'
import type { EmailSettings } from '../settings.ts'
import type { Channel } from './channel.ts'

const SUBJECT_MOST = 150

/** Mail by SMTP, as plain text. */
export class EmailChannel implements Channel {
  readonly to: string
  readonly #at: string
  readonly #settings: EmailSettings
  readonly #transport: Transporter

  /** @param transport of nodemailer */
  constructor(at: string, settings: EmailSettings, transport: Transporter) {
    this.#at = at
    this.#settings = settings
    this.#transport = transport
    this.to = `e-mail by ${settings.host}:${settings.port}`
  }

  async send({ title, lines }: Message, _signal?: AbortSignal): Promise<void> {
    const { from, to } = this.#settings
    try {
      await this.#transport.sendMail({
        ...{ from, to: [...to], subject: within(title, SUBJECT_MOST), text: [title, '', ...lines].join('\n') },
        // No text of a message is read as a file or fetched as an address.
        ...{ disableFileAccess: true, disableUrlAccess: true },
      })
    } catch (error) {
      throw this.#failure(error)
    }
  }

  async check(): Promise<CheckResult> {
    try {
      await this.#transport.verify()
      return { ok: true, summary: `${this.to} accepts mail` }
    } catch (thrown) {
      const error = this.#failure(thrown)
      return { ok: false, summary: error.message, error, remedy: `check that ${this.#at} is right and that its server runs` }
    }
  }

  async close(): Promise<void> {
    this.#transport.close()
  }

  /** Replies of 4xx are temporary, those of 5xx permanent (RFC 5321, 4.2.1). */
  #failure(error: unknown): QiError {
    const { code, responseCode, message } = error as { code?: string; responseCode?: number; message: string }
    const said = `${this.to}: ${message}`
    const cause = { cause: error }
    if (code === 'EAUTH' && (responseCode === undefined || responseCode >= 500))
      return new QiError('UNAUTHORIZED', `${said}: correct ${this.#at}.user and password`, cause)
    if (responseCode !== undefined && responseCode >= 500)
      return new QiError('CONFIG_INVALID', `${said}: correct ${this.#at}.from and to`, cause)
    if (responseCode !== undefined) return new QiError('UNAVAILABLE', said, cause)
    if (code === 'ETLS') return new QiError('CONFIG_INVALID', `${said}: correct ${this.#at}.security`, cause)
    const known = toQiError(error)
    return known.code === 'INTERNAL' ? new QiError('UNAVAILABLE', said, cause) : new QiError(known.code, said, cause)
  }
}
