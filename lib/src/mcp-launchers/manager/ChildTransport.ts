import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { deserializeMessage, type JSONRPCMessage, serializeMessage, type Transport } from '@modelcontextprotocol/client'
import { QiError } from '../../base/types/index.ts'
import type { CommandSpec } from '../shared/spec.ts'
import type { BoundedText } from './BoundedText.ts'
import { signalGroup, spawnGroup } from './processGroup.ts'

export interface ChildTransportOptions {
  /** Gets stderr, and lines of stdout that are no messages. */
  readonly noise: BoundedText
  /** Grace period after closing its stdin, and again after SIGTERM, in milliseconds. */
  readonly graceMs: number
}

/** A longer message is a fault of the server. */
const MOST_CHARACTERS = 64 * 1024 * 1024

/**
 * Messages over the stdin and stdout of a child in a process group of its own. Unlike the SDK's transport it reports the end as
 * soon as the child is gone, even while its own children hold the pipes open; and a line that is no message is skipped.
 */
export class ChildTransport implements Transport {
  onclose?: (() => void) | undefined
  onerror?: ((error: Error) => void) | undefined
  onmessage?: ((message: JSONRPCMessage) => void) | undefined
  readonly #spec: CommandSpec
  readonly #options: ChildTransportOptions
  #child: ChildProcess | undefined
  #rest = ''
  #closed = false
  #ending: string | undefined

  constructor(spec: CommandSpec, options: ChildTransportOptions) {
    this.#spec = spec
    this.#options = options
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** How it ended, such as `exit code 3`; undefined while it runs. */
  get ending(): string | undefined {
    return this.#ending
  }

  /** @throws QiError CONFIG_INVALID if there is no such program */
  async start(): Promise<void> {
    const child = spawnGroup(this.#spec)
    this.#child = child
    child.stderr?.on('data', (chunk: Buffer) => this.#options.noise.add(chunk))
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#read(text))
    child.stdin?.on('error', (error) => this.onerror?.(error))
    child.once('exit', (code, signal) => void this.#exited(signal ? `signal ${signal}` : `exit code ${code}`))
    try {
      await once(child, 'spawn')
    } catch (error) {
      throw new QiError(
        'CONFIG_INVALID',
        `the program "${this.#spec.command}" cannot be started (${(error as NodeJS.ErrnoException).code ?? error}): check its name, and that it is on the PATH`,
        { field: 'command', cause: error },
      )
    }
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const stdin = this.#child?.stdin
    if (this.#closed || !stdin?.writable) throw new QiError('UNAVAILABLE', 'the server has ended')
    if (!stdin.write(serializeMessage(message))) await Promise.race([once(stdin, 'drain'), once(stdin, 'close')])
  }

  /** Closes its stdin, then SIGTERM, then SIGKILL; nothing of its group is left. */
  async close(): Promise<void> {
    const child = this.#child
    if (child && this.#ending === undefined && child.pid !== undefined) {
      const gone = once(child, 'exit')
      child.stdin?.end()
      if (!(await this.#within(gone))) {
        signalGroup(child, 'SIGTERM')
        if (!(await this.#within(gone))) signalGroup(child, 'SIGKILL')
      }
      await gone
    }
    this.#tellClosed()
  }

  /** Kills it at once. */
  kill(): void {
    if (this.#child) signalGroup(this.#child, 'SIGKILL')
  }

  async #within(gone: Promise<unknown>): Promise<boolean> {
    const wait = new AbortController()
    const late = setTimeout(this.#options.graceMs, false, { signal: wait.signal }).catch(() => false)
    const result = await Promise.race([gone.then(() => true), late])
    wait.abort()
    return result
  }

  async #exited(ending: string): Promise<void> {
    this.#ending = ending
    // Its last output is still in the pipe.
    const { stdout } = this.#child ?? {}
    if (stdout && !stdout.readableEnded) await Promise.race([once(stdout, 'close'), setTimeout(100)])
    this.#tellClosed()
  }

  #tellClosed(): void {
    if (this.#closed) return
    this.#closed = true
    this.#child?.stdout?.destroy()
    this.#child?.stderr?.destroy()
    this.onclose?.()
  }

  #read(text: string): void {
    this.#rest += text
    for (let end = this.#rest.indexOf('\n'); end >= 0; end = this.#rest.indexOf('\n')) {
      const line = this.#rest.slice(0, end)
      this.#rest = this.#rest.slice(end + 1)
      this.#take(line.trim())
    }
    if (this.#rest.length > MOST_CHARACTERS) {
      this.onerror?.(new QiError('BAD_DATA', `a message of more than ${MOST_CHARACTERS} characters`))
      this.kill()
    }
  }

  #take(line: string): void {
    if (line === '') return
    let message: JSONRPCMessage
    try {
      message = deserializeMessage(line)
    } catch {
      this.#options.noise.add(`${line}\n`)
      return
    }
    this.onmessage?.(message)
  }
}
