import type { Logger, SettingWarning } from '../../../base/types/index.ts'

/** Names in the settings that the exchange does not know. Each is logged once. */
export class Warnings {
  readonly #logger: Logger
  readonly #current = new Map<string, SettingWarning>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  get current(): readonly SettingWarning[] {
    return [...this.#current.values()]
  }

  add(subject: string, message: string): void {
    if (this.#current.get(subject)?.message === message) return
    this.#current.set(subject, { subject, message, since: Date.now() })
    this.#logger.warn({ subject }, message)
  }

  remove(subject: string): void {
    this.#current.delete(subject)
  }
}
