import { createInterface, type Interface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Output } from '../output.ts'
import type { Connection } from './Connection.ts'
import { describing, HELP, unknown } from './describe.ts'
import { showAnswer, showError } from './show.ts'
import { splitSql } from './split.ts'

export interface PromptOptions {
  readonly connection: Connection
  readonly input: Readable
  readonly out: Output
  readonly err: Output
  /** True: a user types. False: a script is read, which ends at its first error. */
  readonly interactive: boolean
  /** Lines of earlier prompts, the latest first. */
  readonly history?: readonly string[]
  readonly onHistory?: (history: readonly string[]) => void
  readonly signal: AbortSignal
}

const MOST_HISTORY = 1000
/** Most characters of a statement without its semicolon. */
const MOST_SQL = 1_000_000

/** Reads statements and commands line by line, runs them one after another, and shows the answers. */
export class Prompt {
  readonly #options: PromptOptions
  #pending = ''
  #expanded = false
  #failed = false

  constructor(options: PromptOptions) {
    this.#options = options
  }

  /** @returns false if a script failed */
  async run(): Promise<boolean> {
    const { interactive, input, out, history = [], onHistory, connection, signal } = this.#options
    const lines = createInterface({
      input,
      ...(interactive && { output: out.stream, history: [...history], historySize: MOST_HISTORY, removeHistoryDuplicates: true }),
      terminal: interactive,
    })
    lines.on('history', (kept) => onHistory?.(kept))
    lines.on('SIGINT', () => this.#interrupted(lines))
    const stop = () => {
      connection.cancel()
      lines.close()
    }
    signal.addEventListener('abort', stop, { once: true })
    this.#ask(lines)
    try {
      for await (const line of lines) {
        if (await this.#line(line)) break
        this.#ask(lines)
      }
      // A script may leave the last semicolon out.
      if (!interactive && !signal.aborted && !this.#failed) await this.#statement(this.#pending)
      else if (interactive) await out.line()
    } finally {
      signal.removeEventListener('abort', stop)
      lines.close()
    }
    return interactive || !this.#failed
  }

  #ask(lines: Interface): void {
    if (!this.#options.interactive) return
    lines.setPrompt(this.#pending === '' ? 'qicore=> ' : 'qicore-> ')
    lines.prompt()
  }

  /** Ctrl-C cancels the running statement, or clears the input. */
  #interrupted(lines: Interface): void {
    const { connection, out } = this.#options
    if (connection.running) {
      connection.cancel()
      return
    }
    this.#pending = ''
    out.stream.write('\n')
    // Ctrl-E and Ctrl-U clear the line of Node's readline.
    lines.write(null, { ctrl: true, name: 'e' })
    lines.write(null, { ctrl: true, name: 'u' })
    this.#ask(lines)
  }

  /** @returns true to end the prompt */
  async #line(line: string): Promise<boolean> {
    const { err } = this.#options
    if (this.#pending === '' && /^\s*(\\|(quit|exit)\s*;?\s*$)/i.test(line)) return this.#command(line.trim())
    const { statements, rest } = splitSql(`${this.#pending}${line}\n`)
    this.#pending = rest.trim() === '' ? '' : rest
    if (this.#pending.length > MOST_SQL) {
      this.#pending = ''
      await err.line(`a statement of more than ${MOST_SQL} characters was dropped: end statements with a semicolon`)
      this.#failed = true
    }
    for (const statement of statements) await this.#statement(statement)
    return this.#failed && !this.#options.interactive
  }

  async #command(command: string): Promise<boolean> {
    const { out, err, interactive } = this.#options
    if (/^(\\q|quit|exit)\b/i.test(command)) return true
    const sql = describing(command)
    if (sql !== undefined) await this.#statement(sql, unknown(command))
    else if (command === '\\x') {
      this.#expanded = !this.#expanded
      await out.line(`rows are shown ${this.#expanded ? 'as lines of column and value' : 'as a table'}`)
    } else if (command === '\\?') await out.line(HELP)
    else {
      await err.line(`${command}: unknown command; \\? lists the commands, and psql has more`)
      this.#failed = true
    }
    return this.#failed && !interactive
  }

  async #statement(sql: string, nothing?: string): Promise<void> {
    if (sql.trim() === '' || (this.#failed && !this.#options.interactive)) return
    const { connection, out, err } = this.#options
    try {
      for (const answer of await connection.run(sql))
        if (nothing !== undefined && answer.rows.length === 0) await err.line(nothing)
        else await showAnswer(out, answer, this.#expanded)
    } catch (error) {
      this.#failed = true
      await showError(err, error as Error, sql)
    }
  }
}
