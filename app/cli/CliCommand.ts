import { Command, Option } from 'commander'
import { CliHelp, type Example, type Explained } from './CliHelp.ts'
import type { Session } from './session.ts'

/** Runs a command. `input` holds flags and arguments by name; the result is the exit code, 0 if undefined. */
export interface Verb<Input> {
  run(session: Session, input: Input): Promise<number | undefined>
}

/** Starts a command's verb with a session of its own; the entry point sets it. */
export type Runner = <Input>(command: CliCommand, verb: Verb<Input>, input: Input) => Promise<void>

/**
 * A command as data: the help and docs/reference/cli.md are made from it. Its verb, and with it the library, is loaded only when the
 * command runs, so that `--help` and `--version` answer at once.
 */
export class CliCommand extends Command implements Explained {
  readonly examples: Example[] = []
  readonly notes: string[] = []
  #runner: Runner | undefined

  override createCommand(name?: string): CliCommand {
    return new CliCommand(name)
  }

  override createHelp(): CliHelp {
    return Object.assign(new CliHelp(), this.configureHelp())
  }

  example(line: string, what: string): this {
    this.examples.push({ line, what })
    return this
  }

  note(paragraph: string): this {
    this.notes.push(paragraph)
    return this
  }

  /** Declares that the command prints rows, and so knows --csv. */
  printsRows(): this {
    return this.addOption(new Option('--csv', 'print CSV (RFC 4180), with every digit and the names of --json'))
  }

  runs<Input>(load: () => Promise<Verb<Input>>): this {
    return this.action(async () => {
      const names = this.registeredArguments.map((argument) => argument.name())
      const given = Object.fromEntries(names.map((name, i) => [name, this.processedArgs[i] as unknown]))
      // The session holds --csv, as it holds --json.
      const { csv: _, ...flags } = this.opts()
      await this.runner(this, await load(), { ...flags, ...given } as Input)
    })
  }

  set runner(runner: Runner) {
    this.#runner = runner
  }

  get runner(): Runner {
    const above = this.parent as CliCommand | null
    const runner = this.#runner ?? above?.runner
    if (!runner) throw new TypeError(`command ${this.name()} has no runner: add it to a program that has one`)
    return runner
  }
}
